"""What each database role does and cannot do: run by test_roles.py on a PostgreSQL of its own, by the superuser.

`SET ROLE` takes the superuser's rights away, and the statement meets those of the role.
"""

import contextlib
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import ProgrammingError, connection, transaction
from django.test import Client
from pytest_django import DjangoDbBlocker, Settings

from delivery import database
from delivery.admissions import AdmissionBook, Admissions
from delivery.policy import RecipientJudge
from delivery.rates import RateBook, Rates
from delivery.sender_judge import SenderJudge, SenderLimits
from mailboxes import tasks
from mailboxes.models.abuse import AbuseReport, Block
from mailboxes.models.mailboxes import Mailbox
from mailboxes.models.messages import Message, OperatorMessage
from mailboxes.models.records import CanaryRun, PurgeRecord
from mailboxes.models.webhooks import Webhook, WebhookEvent
from mailboxes.services import api_keys, canary, domain_doctor, intake, key_guard
from mailboxes.services.parcels import Envelope
from tests import messages
from tests.unit import admin_pages, operators

pytestmark = pytest.mark.django_db
ROLES_SQL = Path(__file__).resolve().parents[2] / "deploy" / "postgresql" / "roles.sql"
SITE, WORKER, TASKS = "tempmail-site", "tempmail-worker", "tempmail-tasks"


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """Grant, twice: the second time changes nothing and is no error."""
    with django_db_blocker.unblock():
        key_guard.ensure()
    for _ in range(2):
        url = f"{os.environ['DATABASE_URL'].rpartition('/')[0]}/{connection.settings_dict['NAME']}"
        command = ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", url, "-f", str(ROLES_SQL)]
        subprocess.run(command, check=True, capture_output=True, timeout=60)


@contextlib.contextmanager
def role(name: str) -> Iterator[None]:
    """Be this role meanwhile. Not across an error that ends the test's transaction."""
    with connection.cursor() as cursor:
        cursor.execute(f'SET ROLE "{name}"')
    yield
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")


def delivered(address: str) -> None:
    """Deliver a message, as the worker."""
    with role(WORKER):
        (outcome,) = intake.store(Envelope("4Roles", "s@example.org", (address,)), messages.PLAIN)
    assert outcome is intake.Outcome.STORED


@pytest.fixture
def box(domain: object) -> dict[str, Any]:
    """A mailbox that the site gave out by its API."""
    key = api_keys.create("tests")
    with role(SITE):
        answer = Client().post(
            "/api/generate", "{}", "application/json", headers={"Authorization": f"Bearer {key}"}
        )
    assert answer.status_code == 201
    return dict(answer.json())


@pytest.fixture
def call(box: dict[str, Any]) -> Callable[..., Any]:
    """Call the API with its token, as the site."""

    def ask(method: str, path: str, body: str = "") -> Any:
        with role(SITE):
            return Client().generic(
                *(method, f"/api/{path}", body, "application/json"),
                headers={"Authorization": f"Bearer {box['token']}"},
            )

    return ask


def test_the_worker_answers_rcpt_and_stores_once(box: dict[str, Any], monkeypatch: Any) -> None:
    monkeypatch.setattr(database, "close", lambda: None)
    senders = SenderJudge(RateBook(Rates.create(1), 0), SenderLimits())
    judge = RecipientJudge(AdmissionBook(Admissions.create(1), 0), senders)
    question = {"request": "smtpd_access_policy", "protocol_state": "RCPT"}
    with role(WORKER):
        assert judge({**question, "recipient": box["address"]}) == "DUNNO"
        assert judge({**question, "recipient": "nobody@tempmail.test"}).startswith("550 ")
        assert database.healthy()
    delivered(box["address"])
    envelope = Envelope("4Roles", "s@example.org", (box["address"], "abuse@tempmail.test"))
    with role(WORKER):
        outcomes = intake.store(envelope, messages.PLAIN)
    assert outcomes == [intake.Outcome.DUPLICATE, intake.Outcome.OPERATOR]


def test_the_worker_notes_what_a_webhook_is_to_be_told(
    box: dict[str, Any], call: Callable[..., Any]
) -> None:
    made = call("POST", "webhooks/me", '{"url": "https://hook.example/x"}')
    assert made.status_code == 201, made.content
    delivered(box["address"])
    assert WebhookEvent.objects.count() == 1
    assert call("DELETE", f"webhooks/me/{made.json()['id']}").status_code in (200, 204)
    assert not Webhook.objects.exists()


def test_the_site_shows_and_deletes(box: dict[str, Any], call: Callable[..., Any]) -> None:
    delivered(box["address"])
    message = Message.objects.get()
    assert call("GET", f"email/{message.id}").status_code == 200
    assert call("GET", f"email/{message.id}/raw").status_code == 200
    assert call("PATCH", "addresses/me", '{"expires_in": 7200}').status_code == 200
    assert call("DELETE", f"email/{message.id}").status_code in (200, 204)
    assert call("DELETE", "emails/me?close=true").status_code in (200, 204)
    assert not Mailbox.objects.exists()
    assert PurgeRecord.objects.count() == 1


def test_the_sites_pages(domain: object) -> None:
    visitor = Client()
    with role(SITE):
        assert visitor.post("/create", {"lifetime": "600"}).status_code == 303
    mailbox = Mailbox.objects.get()
    with role(SITE):
        for path in ("/", "/status", "/status.json", "/privacy", f"/m/{mailbox.public_id}/"):
            assert visitor.get(path).status_code == 200, path
        report = {"category": "fraud", "about": "x@tempmail.test", "details": "They asked."}
        assert visitor.post("/report", report).status_code in (303, 422)
        assert (
            visitor.post(f"/m/{mailbox.public_id}/extend", {"lifetime": "3600"}).status_code == 303
        )
        visitor.get("/metrics")
        assert visitor.post(f"/m/{mailbox.public_id}/end", {"confirm": "yes"}).status_code == 303


def test_every_page_of_the_admin_and_what_it_changes(box: dict[str, Any]) -> None:
    admin_pages.fill(box["address"])
    operators.account("operator")
    root = operators.superuser()
    pages = admin_pages.every()
    mailbox, report = Mailbox.objects.get(), AbuseReport.objects.get()
    mail = OperatorMessage.objects.get()
    block = Block.objects.order_by("pk")[0]
    yes = operators.yes()
    with role(SITE):
        assert {page.url: root.get(page.url).status_code // 100 for page in pages}.keys()
        assert operators.sign_in(Client(), "operator").status_code == 302
        boxes, list_of_mail = "/admin/mailboxes/mailbox/", "/admin/mailboxes/operatormessage/"
        for name in ("freeze", "unfreeze", "end"):
            operators.act(root, boxes, name, mailbox.pk, **yes)
        operators.act(root, list_of_mail, "delete_mail", mail.pk, **yes)
        url = f"/admin/mailboxes/abusereport/{report.pk}/decide/"
        root.post(url, {"decision": "acted", "reason": "x"})
        wish = {"kind": "network", "value": "203.0.113.9", "reason": "bots"}
        assert root.post("/admin/mailboxes/block/add/", wish).status_code == 302
        operators.act(root, "/admin/mailboxes/block/", "remove", block.pk, **yes)
        assert root.post("/admin/pause/", {"to": "paused", "reason": "bots"}).status_code == 302
        new = {"name": "further.test", "accepts_mail": "on", "offered": "on"}
        root.post("/admin/mailboxes/domain/add/", {**new, "subdomains": "none", "weight": "1"})
        root.post("/admin/mailboxes/apikey/add/", {"name": "ci-2"})
        root.post("/admin/logout/")
    assert not OperatorMessage.objects.exists()
    assert AbuseReport.objects.get().decision == "acted"
    assert not Mailbox.objects.live().exists()


def test_the_tasks_do_theirs(box: dict[str, Any], domain: Any, settings: Settings) -> None:
    delivered(box["address"])
    admin_pages.fill(box["address"])
    settings.CANARY_INTERVAL, settings.DNS_RESOLVERS = 300, ["127.0.0.1:9"]
    settings.SMTP_PORT = 9  # nobody is there: what the trial leaves is cleared away all the same
    with connection.cursor() as cursor:
        cursor.execute("UPDATE mailboxes_mailbox SET ends_at = now() - interval '1 minute'")
    with role(TASKS):
        assert tasks.purge_ended_mailboxes() == 1
        tasks.purge_records()
        tasks.take_sample()
        tasks.send_webhooks()
        canary.run()
        domain_doctor.check(domain)
    assert not Message.objects.exists()
    assert CanaryRun.objects.count() == 1


def test_the_tasks_remove_what_is_past_its_retention(box: dict[str, Any]) -> None:
    admin_pages.fill(box["address"])
    operators.sign_in(Client(), operators.account("operator").username)
    old = {
        "mailboxes_deduperecord": "created_at",
        "mailboxes_operatormessage": "received_at",
        "mailboxes_abusereport": "created_at",
        "mailboxes_moderationrecord": "at",
        "django_session": "expire_date",
        "mailboxes_block": "expires_at",
    }
    with connection.cursor() as cursor:
        for table, column in old.items():
            cursor.execute(f"UPDATE {table} SET {column} = now() - interval '400 days'")  # noqa: S608 - fixed
    with role(TASKS):
        assert tasks.purge_records() >= len(old)
    with connection.cursor() as cursor:
        for table in old:
            cursor.execute(f"SELECT count(*) FROM {table}")  # noqa: S608 - fixed
            assert cursor.fetchone() == (0,), table


FORBIDDEN = [
    (WORKER, "SELECT sealed_summary FROM mailboxes_message"),
    (WORKER, "SELECT id FROM mailboxes_messagesource"),
    (WORKER, "DELETE FROM mailboxes_message"),
    (WORKER, "UPDATE mailboxes_mailbox SET public_key = ''"),
    (WORKER, "UPDATE mailboxes_mailbox SET frozen_at = NULL"),
    (WORKER, "DELETE FROM mailboxes_mailbox"),
    (WORKER, "INSERT INTO mailboxes_issuedaddress VALUES ('x')"),
    (WORKER, "SELECT * FROM mailboxes_operatormessage"),
    (WORKER, "DELETE FROM mailboxes_deduperecord"),
    (WORKER, "SELECT 1 FROM auth_user"),
    (WORKER, "SELECT 1 FROM django_session"),
    (WORKER, "SELECT 1 FROM mailboxes_apikey"),
    (SITE, "INSERT INTO mailboxes_message (id) VALUES (gen_random_uuid())"),
    (SITE, "UPDATE mailboxes_message SET sealed_summary = ''"),
    (SITE, "UPDATE mailboxes_messagesource SET sealed = ''"),
    (SITE, "SELECT 1 FROM mailboxes_deduperecord"),
    (SITE, "DELETE FROM mailboxes_issuedaddress"),
    (SITE, "UPDATE mailboxes_issuedaddress SET digest = 'x'"),
    (SITE, "UPDATE mailboxes_keyfingerprint SET name = 'x'"),
    (SITE, "DELETE FROM mailboxes_moderationrecord"),
    (SITE, "UPDATE mailboxes_moderationrecord SET actor = 'x'"),
    (SITE, "DELETE FROM django_admin_log"),
    (SITE, "DELETE FROM django_migrations"),
    (TASKS, "SELECT 1 FROM auth_user"),
    (TASKS, "SELECT session_data FROM django_session"),
    (TASKS, "SELECT 1 FROM otp_totp_totpdevice"),
    (TASKS, "SELECT 1 FROM mailboxes_apikey"),
    (TASKS, "SELECT * FROM mailboxes_operatormessage"),
    (TASKS, "DELETE FROM mailboxes_issuedaddress"),
    (TASKS, "UPDATE mailboxes_moderationrecord SET actor = 'x'"),
    (TASKS, "INSERT INTO mailboxes_message (id) VALUES (gen_random_uuid())"),
    *(
        (name, statement)
        for name in (SITE, WORKER, TASKS)
        for statement in (
            "CREATE TABLE mine (x int)",
            "CREATE TEMP TABLE mine (x int)",
            "CREATE SCHEMA mine",
            "TRUNCATE mailboxes_message",
            "DROP TABLE mailboxes_message",
            "ALTER TABLE mailboxes_issuedaddress DISABLE TRIGGER ALL",
            "COPY mailboxes_domain TO PROGRAM 'cat'",
            "SELECT pg_read_file('/etc/passwd')",
            "SELECT rolpassword FROM pg_authid",
            "SET ROLE tempmail",
        )
    ),
]


@pytest.mark.parametrize(("name", "statement"), FORBIDDEN)
def test_what_a_role_cannot_do(name: str, statement: str) -> None:
    with connection.cursor() as cursor:
        # as that user and not only in its place: a superuser may always become another role
        cursor.execute(f'SET SESSION AUTHORIZATION "{name}"')
        with pytest.raises(ProgrammingError) as refused, transaction.atomic():
            cursor.execute(statement)
        cursor.execute("RESET SESSION AUTHORIZATION")
    assert getattr(refused.value.__cause__, "pgcode", "") == "42501", str(refused.value)
