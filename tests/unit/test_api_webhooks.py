"""Webhooks through the API: made, listed, removed, by whoever holds the mailbox's token and nobody else."""

import uuid

import pytest
from django.db import connection

from mailboxes.gate import limits
from mailboxes.models.mailboxes import Mailbox
from mailboxes.models.webhooks import Webhook, WebhookEvent
from mailboxes.rules.errors import RateLimited
from mailboxes.services import clock, ending, moderation, webhook_nudge

pytestmark = pytest.mark.django_db(transaction=True)
URL = "https://receiver.example/hook?a=b"


@pytest.fixture(autouse=True)
def _no_nudge(monkeypatch):  # type: ignore[no-untyped-def]
    monkeypatch.setattr(webhook_nudge, "nudge", lambda: None)


def assert_problem(response, status: int, code: str) -> None:  # type: ignore[no-untyped-def]
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/problem+json"
    assert response.data["code"] == code


def make(api, owner, url: str = URL):  # type: ignore[no-untyped-def]
    return api("POST", "webhooks/me", owner.token, {"url": url})


def test_a_webhook_is_made_listed_and_removed(api, owner) -> None:
    made = make(api, owner)
    assert made.status_code == 201
    assert made["Cache-Control"] == "no-store"
    secret = made.data.pop("secret")
    assert secret.startswith("whsec_")
    assert made.data["url"] == URL
    assert (made.data["last_result"], made.data["disabled"]) == ("none", False)
    listed = api("GET", f"webhooks/{owner.address}", owner.token)
    assert listed.data == {"items": [made.data]}
    assert secret not in listed.content.decode()
    removed = api("DELETE", f"webhooks/me/{made.data['id']}", owner.token)
    assert (removed.status_code, removed.content) == (204, b"")
    assert api("GET", "webhooks/me", owner.token).data == {"items": []}
    again = api("DELETE", f"webhooks/me/{made.data['id']}", owner.token)
    assert_problem(again, 404, "not_found")
    assert Mailbox.objects.get(pk=owner.mailbox.pk).webhook_count == 0


def test_neither_url_nor_secret_is_stored_in_clear(api, owner) -> None:
    secret = make(api, owner).data["secret"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM mailboxes_webhook")
        stored = b"\0".join(
            bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()
            for row in cursor.fetchall()
            for value in row
        )
    for text in (URL, "receiver", secret, secret.removeprefix("whsec_")):
        assert text.encode() not in stored


def test_a_mailbox_has_three_at_most(api, owner) -> None:
    made = [make(api, owner) for _ in range(3)]
    assert_problem(make(api, owner), 409, "too_many_webhooks")
    api("DELETE", f"webhooks/me/{made[0].data['id']}", owner.token)
    assert make(api, owner).status_code == 201


@pytest.mark.parametrize(
    "url",
    ["http://receiver.example/", "https://127.0.0.1/", "https://localhost/", "https://2130706433/",
     "https://[::ffff:10.0.0.1]/", "https://a@b.example/", "https://receiver.example:22/"],
)  # fmt: skip
def test_a_url_that_may_not_be_sent_to_is_refused_and_not_repeated(api, owner, url: str) -> None:
    response = make(api, owner, url)
    assert_problem(response, 403, "webhook_url_refused")
    assert url not in response.content.decode()
    assert not Webhook.objects.exists()


@pytest.mark.parametrize(
    "body",
    [None, {}, {"url": None}, {"url": ""}, {"url": 7}, {"url": "ftp://receiver.example/"},
     {"url": "https://b\u00fccher.example/"}, {"url": "https://receiver.example/ "},
     {"url": "https://receiver.example/\n"}, {"url": "https://receiver.example/" + "a" * 1000},
     {"url": URL, "secret": "whsec_mine"}],
)  # fmt: skip
def test_what_is_no_url_is_invalid(api, owner, body) -> None:
    assert_problem(api("POST", "webhooks/me", owner.token, body), 422, "invalid")


def test_only_the_token_of_the_mailbox_opens_them(api, owner, stranger) -> None:
    made = make(api, owner).data
    for method, path, body in (
        ("POST", "webhooks/me", {"url": URL}),
        ("GET", "webhooks/me", None),
        ("DELETE", f"webhooks/me/{made['id']}", None),
    ):
        assert_problem(api(method, path, None, body), 401, "unauthorized")
        assert_problem(api(method, path, "tmk_" + "A" * 43, body), 401, "unauthorized")
        of_owner = path.replace("me", owner.address, 1)
        assert_problem(api(method, of_owner, stranger.token, body), 404, "not_found")
    theirs = api("DELETE", f"webhooks/me/{made['id']}", stranger.token)
    assert_problem(theirs, 404, "not_found")
    unknown = api("DELETE", f"webhooks/me/{uuid.uuid4()}", owner.token)
    assert_problem(unknown, 404, "not_found")
    assert Webhook.objects.count() == 1


def test_removing_one_removes_what_was_to_be_sent_to_it(api, owner, deliver) -> None:
    first, second = make(api, owner).data, make(api, owner).data
    deliver(owner.address)
    api("DELETE", f"webhooks/me/{first['id']}", owner.token)
    assert str(WebhookEvent.objects.get().webhook_id) == second["id"]


def test_a_frozen_mailbox_gets_none_and_an_ended_one_is_unknown(api, owner) -> None:
    moderation.freeze(owner.mailbox, reason="abuse")
    assert_problem(make(api, owner), 403, "frozen")
    moderation.unfreeze(owner.mailbox)
    make(api, owner)
    ending.end(owner.mailbox)
    assert_problem(make(api, owner), 401, "unauthorized")
    assert not Webhook.objects.exists()


def test_what_the_operator_turned_off_is_said_so(api, owner, settings) -> None:
    made = make(api, owner).data
    settings.WEBHOOKS = False
    assert_problem(make(api, owner), 403, "webhooks_off")
    assert len(api("GET", "webhooks/me", owner.token).data["items"]) == 1
    assert api("DELETE", f"webhooks/me/{made['id']}", owner.token).status_code == 204


def test_a_client_makes_no_more_than_its_rate(api, owner, monkeypatch) -> None:
    monkeypatch.setattr(limits, "_WEBHOOKS", "2/m")
    for _ in range(2):
        make(api, owner)
    response = make(api, owner)
    assert_problem(response, 429, RateLimited.code)
    assert int(response["Retry-After"]) > 0
    assert api("GET", "webhooks/me", owner.token).status_code == 200


def test_the_list_says_how_it_went(api, owner) -> None:
    make(api, owner)
    Webhook.objects.update(last_result="rejected", disabled_at=clock.now(), sealed=b"\0")
    (shown,) = api("GET", "webhooks/me", owner.token).data["items"]
    assert (shown["last_result"], shown["disabled"]) == ("rejected", True)
    assert shown["url"] == ""  # sealed to a key that the operators have no more
