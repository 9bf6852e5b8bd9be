"""What operators do in the admin goes through services with a reason and their name, and is on record."""

import re

import pytest

from mailboxes.models.abuse import Block, ModerationRecord
from mailboxes.models.mailboxes import Mailbox
from mailboxes.services import abuse, audit, blocklist, blocks, moderation
from tests.unit import admin_pages, operators
from tests.unit.operators import act, client_of, records, yes

pytestmark = pytest.mark.django_db
BOXES, BLOCKS = "/admin/mailboxes/mailbox/", "/admin/mailboxes/block/"


# --- mailboxes ---


def test_an_act_asks_for_the_reason_first(owner):
    client = client_of("moderator")
    page = act(client, BOXES, "end", owner.mailbox.pk)
    assert "gone at once" in page.content.decode()
    assert "End for good" in page.content.decode()
    assert (
        act(client, BOXES, "end", owner.mailbox.pk, confirmed="yes", reason=" ").status_code == 200
    )
    assert Mailbox.objects.exists()
    assert records() == []


def test_freezing_unfreezing_and_ending_are_done_and_on_record(owner):
    client = client_of("moderator")
    for name in ("freeze", "freeze", "unfreeze", "end"):
        assert act(client, BOXES, name, owner.mailbox.pk, **yes()).status_code == 302
    assert not Mailbox.objects.exists()
    public_id = owner.mailbox.public_id
    assert records() == [
        (name, public_id, "report of fraud", "moderator") for name in ("freeze", "unfreeze", "end")
    ]


def test_several_are_ended_at_once_but_not_all_there_are(owner, stranger, monkeypatch):
    from mailboxes.admin import acting

    client = client_of("moderator")
    both = list(Mailbox.objects.values_list("pk", flat=True))
    monkeypatch.setattr(acting, "AT_ONCE", 1)
    act(client, BOXES, "end", both, select_across="1", **yes())
    assert Mailbox.objects.count() == 2
    monkeypatch.setattr(acting, "AT_ONCE", 2)
    act(client, BOXES, "end", both, **yes())
    assert not Mailbox.objects.exists()


def test_one_that_ended_meanwhile_is_not_there(owner):
    client = client_of("moderator")
    pk = owner.mailbox.pk
    moderation.end(owner.mailbox, reason="x")
    assert act(client, BOXES, "freeze", pk, **yes()).status_code == 302
    assert client.get(f"{BOXES}{pk}/change/").status_code == 302


def test_the_list_shows_what_lives_by_state_and_domain(owner, stranger):
    client = client_of("read-only")
    moderation.freeze(owner.mailbox, reason="x")
    ids = owner.mailbox.public_id, stranger.mailbox.public_id
    for query, shown in (
        ("", (1, 1)),
        ("?state=frozen", (1, 0)),
        ("?state=mail", (0, 0)),
        ("?state=empty", (1, 1)),
    ):
        text = client.get(BOXES + query).content.decode()
        assert tuple(int(each in text) for each in ids) == shown, query
    Mailbox.objects.filter(pk=owner.mailbox.pk).update(ends_at=owner.mailbox.created_at)
    assert ids[0] not in client.get(BOXES).content.decode()


@pytest.mark.parametrize(
    "query",
    [
        "?q=x",
        "?address_digest__startswith=a",
        "?sealed_address__contains=a",
        "?public_key=1",
        "?o=1.2",
        "?domain__id__exact=abc",
    ],
)
def test_the_list_cannot_be_asked_about_what_is_sealed(owner, query):
    answer = client_of("operator").get(BOXES + query)
    assert answer.status_code in (200, 302, 400)
    assert "tempmail.test" in answer.content.decode() or answer.status_code != 200


# --- finding ---


def test_an_address_is_found_exactly_and_stands_in_no_record_url_log_or_session(
    owner, stranger, caplog
):
    client = client_of("moderator")
    text = client.post("/admin/find/", {"text": f" {owner.address.upper()} "}).content.decode()
    assert owner.mailbox.public_id in text
    assert stranger.mailbox.public_id not in text
    assert "A living mailbox" in text
    assert records() == [("find", owner.mailbox.public_id, "", "moderator")]
    assert owner.address not in caplog.text + repr(dict(client.session)) + repr(client.cookies)
    assert not re.search(r'(?:href|action)="[^"]*@', text)
    assert (
        client.get("/admin/find/", {"text": owner.address}).content.decode().count(owner.address)
        == 0
    )


def test_what_else_can_be_found(owner):
    client = client_of("moderator")
    reference = abuse.file(abuse.Report("fraud", "x", "y"))
    blocks.add("network", "198.51.100.0/24", reason="bots")
    blocks.add("sender", "spammer@bad.example", reason="spam")

    def find(text):
        return client.post("/admin/find/", {"text": text}).content.decode()

    assert owner.mailbox.public_id in find(owner.mailbox.public_id)
    assert reference.replace("-", "") in find(reference)
    assert "bots" in find("198.51.100.0/24")
    assert "spam" in find("spammer@bad.example")
    assert "Nothing is known" in find("qqqqqqqqqqqq")
    assert "never given out" in find("never.given@tempmail.test")
    assert "None of our domains" in find("somebody@elsewhere.example")
    moderation.end(owner.mailbox, reason="x")
    assert "has ended" in find(owner.address)


@pytest.mark.parametrize(
    "text",
    [
        "@",
        "a@",
        "@@@",
        "\x00",
        "a" * 400,
        "<script>alert(1)</script>",
        "' OR 1=1 --",
        "x" * 5000,
        "💥@tempmail.test",
    ],
)
def test_nonsense_is_found_nowhere_and_breaks_nothing(domain, text):
    answer = client_of("moderator").post("/admin/find/", {"text": text})
    assert answer.status_code == 200
    assert "<script>alert" not in answer.content.decode()


# --- blocks ---


def test_a_sender_is_blocked_and_stands_in_no_page_no_record_and_no_cookie(domain):
    client = client_of("moderator")
    wish = {"kind": "sender", "value": "Spammer@Bad.Example", "reason": "spam", "hours": "2"}
    answer = client.post(f"{BLOCKS}add/", wish, follow=True)
    block = Block.objects.get()
    assert blocks.find("sender", "spammer@bad.example") == block
    assert (block.expires_at - block.created_at).total_seconds() == 7200
    everything = (
        answer.content.decode()
        + repr(records())
        + repr(client.cookies)
        + repr(dict(client.session))
    )
    assert "bad.example" not in everything.lower()
    assert records() == [("block", f"sender {block.pk}", "spam", "moderator")]


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("network", "0.0.0.0/0"),
        ("network", "nonsense"),
        ("domain", "no domain"),
        ("sender", "@"),
        ("name", "ü"),
        ("x", "y"),
    ],
)
def test_what_cannot_be_blocked_is_refused_by_the_form(domain, kind, value):
    answer = client_of("moderator").post(
        f"{BLOCKS}add/", {"kind": kind, "value": value, "reason": "x"}
    )
    assert answer.status_code == 200
    assert "errorlist" in answer.content.decode()
    assert not Block.objects.exists()


def test_a_block_is_removed_with_a_reason_and_counts_at_once(
    domain, django_capture_on_commit_callbacks
):
    block = blocks.add("domain", "bad.example", reason="spam")
    with django_capture_on_commit_callbacks(execute=True):
        act(client_of("moderator"), BLOCKS, "remove", block.pk, **yes("a mistake"))
    assert not Block.objects.exists()
    assert records()[-1] == ("unblock", f"domain {block.pk}", "a mistake", "moderator")


# --- the rest ---


def test_the_switch_does_what_its_button_said(domain):
    client = client_of("operator")
    for to in ("paused", "paused", "resumed"):
        client.post("/admin/pause/", {"to": to, "reason": "bots"})
        blocklist.forget()
    assert [each[0] for each in records()] == ["pause", "resume"]
    assert client.post("/admin/pause/", {"to": "paused"}).status_code == 200


def test_keys_of_the_api_are_on_record(domain):
    client = client_of("operator")
    wish = {"name": "ci", "any_domain": "on", "creations_per_minute": 5, "creations_per_day": 5}
    page = client.post("/admin/mailboxes/apikey/add/", wish).content.decode()
    key = re.search(r"tmk_[\w-]{43}", page)[0]
    pk = admin_pages.ApiKey.objects.get().pk
    client.post(f"/admin/mailboxes/apikey/{pk}/change/", wish)
    act(client, "/admin/mailboxes/apikey/", "revoke", pk, **yes("left"))
    assert records() == [
        ("issue-key", "ci", "", "operator"),
        ("change-key", "ci", "", "operator"),
        ("revoke-key", "ci", "left", "operator"),
    ]
    assert key not in repr(list(ModerationRecord.objects.values()))


def test_accounts_are_on_record_by_what_was_changed_not_by_what_to(db):
    client = operators.superuser()
    user = operators.account("moderator", name="anna")
    change = {
        "username": "anna",
        "is_active": "on",
        "is_staff": "on",
        "groups": [g.pk for g in operators.Group.objects.filter(name="operator")],
    }
    assert client.post(f"/admin/auth/user/{user.pk}/change/", change).status_code == 302
    new = {
        "password1": "another long phrase",
        "password2": "another long phrase",
        "usable_password": "true",
    }
    assert client.post(f"/admin/auth/user/{user.pk}/password/", new).status_code == 302
    assert records() == [
        ("account", "anna", "groups", "root"),
        ("account", "anna", "password", "root"),
    ]


def test_the_record_goes_after_90_days_and_django_keeps_none_of_its_own(owner):
    from datetime import timedelta

    from django.contrib.admin.models import LogEntry

    client = operators.superuser()
    admin_pages.fill(owner.address)
    client.post(f"{BLOCKS}add/", {"kind": "network", "value": "203.0.113.9", "reason": "bots"})
    assert "203.0.113" not in repr(list(LogEntry.objects.values()))
    ModerationRecord.objects.update(at=ModerationRecord.objects.first().at - timedelta(days=91))
    LogEntry.objects.update(action_time=ModerationRecord.objects.first().at)
    audit.purge()
    assert not ModerationRecord.objects.exists()
    assert not LogEntry.objects.exists()
