"""What each role may: the groups as the migration makes them, tried on every page and act."""

import pytest
from django.contrib.auth.models import Group, Permission

from mailboxes.models.abuse import AbuseReport, Block
from mailboxes.models.mailboxes import Mailbox
from mailboxes.models.messages import OperatorMessage
from mailboxes.services import abuse, pause
from tests.unit import admin_pages
from tests.unit.operators import ROLES, account, client_of, signed_in

pytestmark = pytest.mark.django_db

READ_ONLY, MODERATOR, OPERATOR = ROLES
LISTS = {
    "mailbox": ROLES,
    "domain": ROLES,
    "block": ROLES,
    "abusereport": ROLES,
    "apikey": ROLES,
    "moderationrecord": ROLES,
    "purgerecord": ROLES,
    "operatormessage": (OPERATOR,),
}


@pytest.fixture
def filled(owner):
    admin_pages.fill(owner.address)
    return owner


def row(model):
    return model.objects.order_by("-pk").first()


def test_the_roles_are_there_after_migrating_and_each_has_what_the_one_before_has():
    sets = [
        set(Group.objects.get(name=name).permissions.values_list("codename", flat=True))
        for name in ROLES
    ]
    assert sets[0] < sets[1] < sets[2]
    assert not any(name.startswith(("add_", "change_", "delete_")) for name in sets[0])


def test_no_role_may_touch_accounts_or_what_is_in_mailboxes():
    held = Permission.objects.filter(group__name__in=ROLES)
    assert set(held.values_list("content_type__app_label", flat=True)) == {"mailboxes"}
    models = set(held.values_list("content_type__model", flat=True))
    assert not models & {"message", "messagesource", "issuedaddress", "webhook"}


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("model", LISTS)
def test_a_list_is_open_to_its_roles(filled, role, model):
    status = client_of(role).get(f"/admin/mailboxes/{model}/").status_code
    assert status == (200 if role in LISTS[model] else 403)


@pytest.mark.parametrize("role", ROLES)
def test_no_role_opens_accounts_or_roles(role):
    client = client_of(role)
    for path in ("auth/user/", "auth/user/add/", "auth/group/", "auth/group/add/"):
        assert client.get(f"/admin/{path}").status_code == 403


def test_the_record_of_what_was_done_is_changed_by_nobody_not_even_a_superuser(filled):
    client = signed_in(account(name="root", superuser=True))
    record = admin_pages.ModerationRecord.objects.first()
    base = f"/admin/mailboxes/moderationrecord/{record.pk}"
    assert client.get(f"{base}/delete/").status_code == 403
    assert client.post(f"{base}/delete/", {"post": "yes"}).status_code == 403
    client.post(f"{base}/change/", {"actor": "somebody else"})
    client.post(
        "/admin/mailboxes/moderationrecord/",
        {"action": "delete_selected", "_selected_action": record.pk},
    )
    record.refresh_from_db()
    assert record.actor == "root" or record.actor == ""
    assert client.get("/admin/mailboxes/moderationrecord/add/").status_code == 403


def acts(role, filled):
    """Do everything that changes something, as this role; what happened of it."""
    client = client_of(role)
    done = {"reason": "because", "confirmed": "yes"}
    mailbox, report = row(Mailbox), AbuseReport.objects.get()
    key = "/admin/mailboxes/apikey/"
    client.post(
        "/admin/mailboxes/mailbox/", {"action": "freeze", "_selected_action": mailbox.pk, **done}
    )
    client.post(
        f"/admin/mailboxes/abusereport/{report.pk}/decide/", {"decision": "acted", "reason": "x"}
    )
    client.post(
        "/admin/mailboxes/block/add/", {"kind": "name", "value": "paypal", "reason": "a bank"}
    )
    block = Block.objects.filter(kind="network").get()
    client.post(
        "/admin/mailboxes/block/", {"action": "remove", "_selected_action": block.pk, **done}
    )
    client.post(key, {"action": "revoke", "_selected_action": row(admin_pages.ApiKey).pk, **done})
    wish = {"name": "new", "any_domain": "on", "creations_per_minute": 5, "creations_per_day": 5}
    client.post(f"{key}add/", wish)
    client.post("/admin/pause/", {"to": "paused", "reason": "x"})
    mail = OperatorMessage.objects.get()
    client.post(
        "/admin/mailboxes/operatormessage/",
        {"action": "delete_mail", "_selected_action": mail.pk, **done},
    )
    from mailboxes.services import blocklist

    blocklist.forget()
    return {
        "freeze": Mailbox.objects.exclude(frozen_at=None).exists(),
        "decide": AbuseReport.objects.get().decision == "acted",
        "block": Block.objects.filter(value="paypal").exists(),
        "unblock": not Block.objects.filter(kind="network").exists(),
        "revoke": admin_pages.ApiKey.objects.get(name="ci").revoked_at is not None,
        "issue": admin_pages.ApiKey.objects.filter(name="new").exists(),
        "pause": pause.is_paused(),
        "delete mail": not OperatorMessage.objects.exists(),
        "find": client.post("/admin/find/", {"text": filled.address}).status_code == 200,
        "read report": "asked me for money" in _report(client, report),
        "domain": client.post(
            "/admin/mailboxes/domain/add/", {"name": "new.test", "weight": 1, "subdomains": "none"}
        ).status_code
        == 302,
    }


def _report(client, report):
    return client.get(f"/admin/mailboxes/abusereport/{report.pk}/change/").content.decode()


@pytest.mark.parametrize(
    ("role", "may"),
    [
        (READ_ONLY, set()),
        (MODERATOR, {"freeze", "decide", "block", "unblock", "find", "read report"}),
        (OPERATOR, None),
    ],
)
def test_a_role_does_what_it_may_and_nothing_else(filled, role, may):
    done = acts(role, filled)
    assert {name for name, happened in done.items() if happened} == (
        set(done) if may is None else may
    )


def test_a_read_only_role_sees_a_report_but_not_what_was_written(filled):
    text = _report(client_of(READ_ONLY), AbuseReport.objects.get())
    assert "not open to your role" in text
    assert "me@victim.example" not in text
    assert abuse.grouped(AbuseReport.objects.get().reference) in text


@pytest.mark.parametrize("role", [READ_ONLY, MODERATOR])
def test_mail_to_the_operator_is_closed_to_other_roles_by_every_url(filled, role):
    mail = OperatorMessage.objects.get()
    client = client_of(role)
    base = "/admin/mailboxes/operatormessage/"
    for path in ("", f"{mail.pk}/change/", f"{mail.pk}/message.eml", f"{mail.pk}/history/"):
        assert client.get(base + path).status_code == 403, path
    assert "Spam from your site" not in client.get("/admin/").content.decode()
