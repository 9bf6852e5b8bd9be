"""Sending webhooks: signed, ids only, to the address that was judged, and nothing for what has ended meanwhile."""

import json
import socket
import threading
import time
from datetime import datetime, timedelta

import pytest

from mailboxes import tasks
from mailboxes.models.mailboxes import Mailbox
from mailboxes.models.messages import Message
from mailboxes.models.webhooks import Webhook, WebhookEvent
from mailboxes.services import (
    clock,
    creation,
    ending,
    exclusive,
    moderation,
    purging,
    webhook_limits,
    webhook_nudge,
    webhook_outbox,
    webhook_sending,
    webhooks,
)
from mailboxes.services.webhook_outbox import Outcome
from tests import messages
from tests.receivers import answering, is_signed, receiver

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _loopback(settings, monkeypatch):  # type: ignore[no-untyped-def]
    settings.WEBHOOK_ALLOWED_NETWORKS = ["127.0.0.1"]
    settings.SITE_URL = "https://mail.example"
    monkeypatch.setattr(webhook_nudge, "nudge", lambda: None)
    monkeypatch.setattr(webhook_sending, "_LINGER", 0.0)
    monkeypatch.setattr(webhook_sending, "_POLL", 0.02)


def ask(function, *arguments):  # type: ignore[no-untyped-def]
    return function(*arguments)


def attempt() -> Outcome:
    """Take the one event that is due and try it in this thread."""
    (event,) = webhook_outbox.take(9, {}, 9, 9)
    return webhook_sending.attempt(event, ask)


def test_mail_is_told_of_signed_and_by_ids_alone(owner, deliver) -> None:
    with receiver() as one:
        made = webhooks.create(owner.mailbox, one.url)
        deliver(owner.address)
        assert webhook_sending.run() == 1
    message, fields = Message.objects.get(), one.fields()
    assert one.requests[0].startswith(b"POST /hook?a=b HTTP/1.1\r\n")
    told = json.loads(one.body())
    assert told["data"] == {"message_id": str(message.id), "webhook_id": str(made.id)}
    assert told["type"] == "message.received"
    assert told["timestamp"].endswith("Z")
    at = datetime.fromisoformat(told["timestamp"])
    assert abs((at - message.received_at).total_seconds()) < 0.002
    assert set(told) == {"type", "timestamp", "data"}
    assert is_signed(made.secret, fields, one.body())
    assert abs(int(fields["webhook-timestamp"]) - time.time()) < 300
    assert fields["content-type"] == "application/json"
    assert fields["user-agent"] == "tempmail-webhook (+https://mail.example)"
    whole = one.requests[0].decode()
    for secret in (owner.address, owner.token, owner.mailbox.public_id, "hello", "482913"):
        assert secret.lower() not in whole.lower()


def test_a_repetition_has_the_same_id_and_is_signed_anew(owner, deliver) -> None:
    answers = iter([b"HTTP/1.1 500 x\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n"])
    with receiver(lambda connection: connection.sendall(next(answers))) as one:
        made = webhooks.create(owner.mailbox, one.url)
        deliver(owner.address)
        assert webhook_sending.run() == 0
        WebhookEvent.objects.update(due_at=clock.now() - timedelta(seconds=1))
        assert webhook_sending.run() == 1
    first, second = one.fields(0), one.fields(1)
    assert first["webhook-id"] == second["webhook-id"]
    assert one.body(0) == one.body(1)
    assert is_signed(made.secret, second, one.body())


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (b"200 OK", Outcome.DELIVERED),
        (b"202 x", Outcome.DELIVERED),
        (b"204 x", Outcome.DELIVERED),
        (b"301 x\r\nLocation: http://127.0.0.1/", Outcome.REJECTED),
        (b"404 x", Outcome.REJECTED),
        (b"410 x", Outcome.GONE),
        (b"500 x", Outcome.REJECTED),
        (b"rubbish", Outcome.UNREACHABLE),
    ],
)
def test_only_2xx_is_a_success(owner, deliver, answer, outcome) -> None:
    with receiver(answering(b"HTTP/1.1 " + answer + b"\r\nContent-Length: 0\r\n\r\n")) as one:
        webhooks.create(owner.mailbox, one.url)
        deliver(owner.address)
        assert attempt() is outcome


ENDS = {
    "its time is over": lambda owner: Mailbox.objects.update(
        ends_at=clock.now() - timedelta(seconds=1)
    ),
    "its owner ends it": lambda owner: ending.end(owner.mailbox),
    "the message is deleted": lambda owner: ending.delete_messages(owner.mailbox),
    "the webhook is removed": lambda owner: webhooks.remove(
        owner.mailbox, Webhook.objects.get().id
    ),
}


@pytest.mark.parametrize("happens", ENDS.values(), ids=ENDS)
@pytest.mark.parametrize("when", ["after it was taken", "while it connects"])
def test_nothing_is_sent_when(owner, deliver, monkeypatch, happens, when) -> None:
    with receiver() as one:
        webhooks.create(owner.mailbox, one.url)
        deliver(owner.address)
        (event,) = webhook_outbox.take(9, {}, 9, 9)
        asked = []

        def ask_and_end(function, *arguments):  # type: ignore[no-untyped-def]
            if function is webhook_outbox.still_due:
                asked.append(1)
                if len(asked) == (1 if when == "after it was taken" else 2):
                    happens(owner)
            return function(*arguments)

        assert webhook_sending.attempt(event, ask_and_end) is Outcome.DROPPED
    assert one.requests == []
    assert one.connections == (when == "while it connects")


def test_nothing_is_sent_of_a_frozen_mailbox_until_it_is_given_back(owner, deliver) -> None:
    with receiver() as one:
        webhooks.create(owner.mailbox, one.url)
        deliver(owner.address)
        moderation.freeze(owner.mailbox, reason="abuse")
        assert attempt() is Outcome.POSTPONED
        assert one.connections == 0
        moderation.unfreeze(owner.mailbox)
        WebhookEvent.objects.update(due_at=clock.now() - timedelta(seconds=1))
        assert attempt() is Outcome.DELIVERED


def test_a_try_ends_with_its_mailbox_at_the_latest(owner, deliver, monkeypatch) -> None:
    """A receiver that is slow to answer is not waited for longer than the mailbox lives."""
    seen = []

    def exchange(connection, target, fields, body, deadline):  # type: ignore[no-untyped-def]
        seen.append(deadline - time.monotonic())
        return 200

    monkeypatch.setattr(webhook_sending.webhook_connections, "exchange", exchange)
    with receiver() as one:
        webhooks.create(owner.mailbox, one.url)
        deliver(owner.address)
        Mailbox.objects.update(ends_at=clock.now() + timedelta(seconds=5))
        attempt()
    assert seen[0] < 5 < webhook_sending.ATTEMPT_SECONDS


def test_after_the_purge_a_run_finds_nothing(owner, deliver) -> None:
    with receiver() as one:
        webhooks.create(owner.mailbox, one.url)
        deliver(owner.address)
        Mailbox.objects.update(ends_at=clock.now() - timedelta(seconds=1))
        purging.purge_ended_mailboxes()
        assert webhook_sending.run() == 0
    assert one.connections == 0


def test_a_name_that_is_rebound_leads_nowhere_else(owner, deliver, monkeypatch) -> None:
    """The first answer may be sent to and the second not: asked once a try, the first is what is connected to."""
    with receiver() as public, receiver(host="127.0.0.2", port=public.port) as inner:
        answers = iter(["127.0.0.1", "127.0.0.2"])

        def getaddrinfo(*args, **kwargs):  # type: ignore[no-untyped-def]
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), public.port))]

        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
        webhooks.create(owner.mailbox, f"http://rebound.example:{public.port}/")
        deliver(owner.address)
        assert attempt() is Outcome.DELIVERED
        WebhookEvent.objects.update(due_at=clock.now() - timedelta(seconds=1))
        assert attempt() is Outcome.UNREACHABLE
    assert public.fields()["host"] == f"rebound.example:{public.port}"
    assert (public.connections, inner.connections) == (1, 0)


@pytest.mark.parametrize("url", ["http://127.0.0.2:{port}/", "https://127.0.0.2:{port}/"])
def test_what_is_stored_is_judged_again_when_it_is_sent(owner, deliver, settings, url) -> None:
    """The operator trusted a network once, and does so no more."""
    with receiver(host="127.0.0.2") as one:
        settings.WEBHOOK_ALLOWED_NETWORKS = ["127.0.0.0/8"]
        webhooks.create(owner.mailbox, url.format(port=one.port))
        settings.WEBHOOK_ALLOWED_NETWORKS = []
        deliver(owner.address)
        assert attempt() is Outcome.UNREACHABLE
    assert one.connections == 0


def test_one_host_gets_no_more_than_its_rate_and_the_rest_later(
    owner, deliver, settings, monkeypatch
) -> None:
    counts: dict[str, int] = {}

    def counted(host: str) -> int:
        counts[host] = counts.get(host, 0) + 1
        return counts[host]

    monkeypatch.setattr(webhook_limits, "_counted", counted)
    monkeypatch.setattr(webhook_sending.webhook_targets, "is_trusted", lambda address: False)
    monkeypatch.setattr(
        webhook_sending.webhook_targets, "_is_allowed", lambda target, address, is_blocked: True
    )
    settings.WEBHOOK_HOST_RATE = 2
    with receiver() as one:
        url = one.url.replace("127.0.0.1", "localhost")
        webhooks.create(owner.mailbox, url)
        for number in range(4):
            deliver(owner.address, raw=messages.plain(received=str(number)))
        assert webhook_sending.run() == 2
    assert one.connections == 2
    assert counts == {"localhost": 4, "127.0.0.1": 4}
    assert set(WebhookEvent.objects.values_list("attempts", flat=True)) == {0}
    assert Webhook.objects.get().failures == 0


def test_without_redis_strangers_are_not_sent_to(settings, monkeypatch) -> None:
    settings.REDIS_URL = "unix:///nonexistent/redis.sock"
    assert not webhook_limits.is_within_rate("receiver.example")


def test_a_receiver_that_hangs_holds_up_nobody_else(domain, deliver, monkeypatch) -> None:
    """Of eight to a domain that does not answer four wait at a time; what is for others goes on meanwhile."""
    monkeypatch.setattr(webhook_sending, "ATTEMPT_SECONDS", 30.0)
    over = threading.Event()
    slow, quick = creation.create(), creation.create()
    with receiver(lambda connection: over.wait(30) and None) as hanging, receiver() as good:
        webhooks.create(slow.mailbox, hanging.url.replace("127.0.0.1", "localhost"))
        webhooks.create(quick.mailbox, good.url)
        for number in range(8):
            deliver(slow.address, raw=messages.plain(received=str(number)))
            deliver(quick.address, raw=messages.plain(received=str(number)))
        settled = webhook_outbox.settle

        def settle(event, outcome):  # type: ignore[no-untyped-def]
            settled(event, outcome)
            if len(good.requests) == 8:
                over.set()

        monkeypatch.setattr(webhook_outbox, "settle", settle)
        delivered = webhook_sending.run()
    assert delivered == 8
    assert len(good.requests) == 8


def test_two_runs_at_once_send_nothing_twice(owner, deliver, monkeypatch) -> None:
    with receiver() as one:
        webhooks.create(owner.mailbox, one.url)
        for number in range(5):
            deliver(owner.address, raw=messages.plain(received=str(number)))
        taken = webhook_outbox.take(2, {}, 9, 9)  # by the other run, which has not sent them yet
        assert webhook_sending.run() == 3
        assert {webhook_sending.attempt(event, ask) for event in taken} == {Outcome.DELIVERED}
    assert len({one.fields(number)["webhook-id"] for number in range(5)}) == 5


def test_a_run_does_nothing_while_another_one_goes_on(owner, deliver, monkeypatch) -> None:
    class Held:
        def __enter__(self) -> bool:
            return False

        def __exit__(self, *args: object) -> None: ...

    monkeypatch.setattr(exclusive, "hold", lambda *args, **kwargs: Held())
    with receiver() as one:
        webhooks.create(owner.mailbox, one.url)
        deliver(owner.address)
        assert webhook_sending.run() == 0
    assert one.connections == 0


def test_what_fails_in_a_thread_is_a_failed_try_and_stops_no_run(
    owner, deliver, monkeypatch, caplog
) -> None:
    def fail(*args):  # type: ignore[no-untyped-def]
        raise RuntimeError("secret")

    monkeypatch.setattr(webhook_sending, "_body", fail)
    with receiver() as one:
        webhooks.create(owner.mailbox, one.url)
        deliver(owner.address)
        assert webhook_sending.run() == 0
    assert Webhook.objects.get().last_result == "unreachable"
    assert "a webhook could not be tried" in caplog.text


def test_turned_off_nothing_is_sent(owner, deliver, settings) -> None:
    with receiver() as one:
        webhooks.create(owner.mailbox, one.url)
        deliver(owner.address)
        settings.WEBHOOKS = False
        assert tasks.send_webhooks() == 0
        settings.WEBHOOKS = True
        assert tasks.send_webhooks() == 1
    assert len(one.requests) == 1


def test_a_run_that_leaves_something_calls_for_the_next(owner, deliver, monkeypatch) -> None:
    nudged: list[int] = []
    monkeypatch.setattr(webhook_nudge, "nudge", lambda: nudged.append(1))
    with receiver() as one:
        webhooks.create(owner.mailbox, one.url)
        deliver(owner.address)
        assert webhook_sending.run() == 1
        assert nudged == []
        deliver(owner.address, raw=messages.plain(received="late"))
        monkeypatch.setattr(webhook_sending, "RUN_SECONDS", 0.0)
        assert webhook_sending.run() == 0
    assert nudged == [1]
