"""Domains from the admin to Postfix and the site: what an operator saves counts at once, with nothing reloaded."""

from typing import Any

from deploy.local.stack import Stack
from tests.journey import client, probe
from tests.journey.client import Api, Inbox

NAME = "journey-domain.example"
# Signed in as a superuser, in a process of its own: site, Postfix and worker learn of it by nothing but the database.
ADMIN = """
from django.contrib.auth.models import User
from django.test import Client
from mailboxes.models.domains import Domain
user = User.objects.filter(username="domains").first() or User.objects.create_superuser("domains", "", "x")
browser = Client(HTTP_HOST="127.0.0.1")
browser.force_login(user)
row = Domain.objects.filter(name={name!r}).first()
set = {{"name": {name!r}, "weight": "0", "subdomains": "none", "offered": "on", "accepts_mail": "on"}}
def save(**changes):
    data = {{key: value for key, value in {{**set, **changes}}.items() if value}}
    url = "/admin/mailboxes/domain/" + (f"{{row.pk}}/change/" if row else "add/")
    return browser.post(url, data).status_code
def act(name):
    data = {{"_selected_action": [row.pk], "action": name, "confirmed": "yes", "reason": "a test"}}
    return browser.post("/admin/mailboxes/domain/", data).status_code
print(json.dumps({call}))
"""
VISIT = """
from mailboxes.models.domains import DomainReport
from tempmail_site.celery import app
DomainReport.objects.all().delete()
app.send_task("mailboxes.check_domains")
print(json.dumps(None))
"""
USED = """
from mailboxes.services import domain_use
print(json.dumps(sum(domain_use.recent().values())))
"""
REPORT = """
from mailboxes.models.domains import Domain
from mailboxes.services import domain_doctor
report = domain_doctor.latest(Domain.objects.get(name="tempmail.test"))
found = [[each.check, each.level, each.code] for each in report.findings] if report else []
print(json.dumps(found))
"""


def admin(stack: Stack, call: str) -> None:
    """Do something to the domain in the admin."""
    assert probe.shell(stack, ADMIN.format(name=NAME, call=call)) == 302


def offered(stack: Stack) -> bool:
    """Tell whether the site offers the domain."""
    items = client.http_request(stack, "GET", "/api/domains").data["items"]
    return NAME in {each["name"] for each in items}


def generate(stack: Stack) -> Any:
    """Ask for an address on the domain."""
    return Api(stack, client.api_key(stack))("POST", "generate", {"domain": NAME})


def new_inbox(stack: Stack) -> Inbox:
    """Return an address on the domain."""
    answer = generate(stack)
    assert answer.status == 201, answer.text
    made = answer.data
    return Inbox(made["address"], made["token"], Api(stack, made["token"]), "")


def comes(stack: Stack, inbox: Inbox, count: int) -> bool:
    """Send a message and wait for it."""
    client.send(stack, client.message(f"number {count}"), inbox.address)
    return inbox.api.wait_for(count)[0]["subject"] == f"number {count}"


def test_a_domain_lives_rests_retires_and_ends_without_a_reload(stack: Stack) -> None:
    assert probe.answer_to(stack, f"postmaster@{NAME}")[0] == 554
    admin(stack, "save()")
    assert offered(stack)
    assert NAME in client.http_request(stack, "GET", "/").text
    before = probe.shell(stack, USED)
    inbox = new_inbox(stack)
    assert probe.shell(stack, USED) == before + 1
    assert inbox.address.endswith(f"@{NAME}")
    assert comes(stack, inbox, 1)

    admin(stack, "save(subdomains='random')")
    below = new_inbox(stack)
    assert below.address.endswith(f".{NAME}")
    assert comes(stack, below, 1)

    for number, action in enumerate(("rest", "retire"), start=2):
        admin(stack, f"act({action!r})")
        assert not offered(stack)
        assert generate(stack).status == 409
        assert comes(stack, inbox, number)
        assert comes(stack, below, number)

    admin(stack, "act('offer')")
    assert offered(stack)
    assert generate(stack).status == 201

    admin(stack, "save(accepts_mail='', offered='')")
    assert probe.answer_to(stack, inbox.address)[0] == 554
    assert probe.answer_to(stack, f"postmaster@{NAME}")[0] == 554
    assert not offered(stack)


def test_the_doctor_visits_by_task_and_his_mail_goes_through_the_mail_server(stack: Stack) -> None:
    probe.shell(stack, VISIT)
    probe.wait_until(lambda: bool(probe.shell(stack, REPORT)))
    found = {check: (level, code) for check, level, code in probe.shell(stack, REPORT)}
    assert found["delivery"] == ("ok", "delivered")
    assert found["mx"] == ("unknown", "dns-not-asked")  # tempmail.test is never on the internet
    # the launcher's certificate is self-signed, for a name of its own
    assert found["tls"][1] in ("other-name", "untrusted")
    text = stack.manage("check_domain", "tempmail.test")
    assert "Delivery on this host: in order." in text
