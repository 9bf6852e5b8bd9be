"""Webhooks of an instance that runs: mail by SMTP is told of at once, signed; and never after the end."""

import json
from collections.abc import Iterator

import pytest
import redis

from deploy.local.stack import Stack
from tests import documented
from tests.journey import client, doc_examples, probe, remains
from tests.journey.client import Inbox
from tests.receivers import Receiver, answering, is_signed, receiver

BUSY = b"HTTP/1.1 503 x\r\nContent-Length: 0\r\n\r\n"
PAST = "'2020-01-01 00:00:00'"
SUBJECT = "Zebra-webhook-subject"


@pytest.fixture
def busy() -> Iterator[Receiver]:
    """A receiver that always answers 503: what was sent to it is to be sent again."""
    with receiver(answering(BUSY)) as one:
        yield one


def told(one: Receiver, count: int) -> None:
    probe.wait_until(lambda: len(one.requests) >= count)


def hooked(stack: Stack, one: Receiver) -> tuple[Inbox, str]:
    """Return a new mailbox with a webhook, and its secret."""
    inbox = client.new_inbox(stack)
    answer = inbox.api("POST", "webhooks/me", {"url": one.url})
    assert answer.status == 201, answer.text
    return inbox, answer.data["secret"]


def waiting_events(stack: Stack) -> int:
    ((count,),) = remains.query(stack, "SELECT COUNT(*) FROM mailboxes_webhookevent")
    assert isinstance(count, int)
    return count


def test_mail_is_told_of_by_smtp_to_http(each_stack: Stack) -> None:
    with receiver() as one:
        inbox, secret = hooked(each_stack, one)
        client.send(each_stack, client.message(SUBJECT), inbox.address)
        told(one, 1)
        fields, body = one.fields(), one.body()
        assert is_signed(secret, fields, body)
        (item,) = inbox.api.wait_for(1)
        assert json.loads(body)["data"]["message_id"] == item["id"]
        whole = one.requests[0].decode()
        for text in (SUBJECT, inbox.address, inbox.token, "alice"):
            assert text not in whole
        probe.wait_until(lambda: not waiting_events(each_stack))
        (shown,) = inbox.api("GET", "webhooks/me").data["items"]
        assert shown["last_result"] == "delivered"
    assert len(one.requests) == 1


@pytest.mark.parametrize("end", ["by its owner", "by its time"])
def test_nothing_is_sent_after_the_end(stack: Stack, busy: Receiver, end: str) -> None:
    inbox, _ = hooked(stack, busy)
    client.send(stack, client.message("x"), inbox.address)
    told(busy, 1)
    probe.wait_until(lambda: waiting_events(stack) == 1)
    if end == "by its owner":
        assert inbox.api("DELETE", "emails/me?close=true").status == 200
        assert waiting_events(stack) == 0
    else:  # no purge has been there yet, and it is due
        public_id = inbox.url.strip("/").split("/")[1]
        is_row = f"public_id = '{public_id}'"
        remains.query(stack, f"UPDATE mailboxes_mailbox SET ends_at = {PAST} WHERE {is_row}")  # noqa: S608
    remains.query(stack, f"UPDATE mailboxes_webhookevent SET due_at = {PAST}")  # noqa: S608
    # What comes later, to others, is sent: so what was due before had its turn.
    with receiver() as another:
        later, _ = hooked(stack, another)
        client.send(stack, client.message("x"), later.address)
        told(another, 1)
        probe.wait_until(lambda: not waiting_events(stack))
    assert len(busy.requests) == 1


def test_redis_away_holds_up_no_mail_and_loses_no_call(stack: Stack) -> None:
    with receiver() as one:
        inbox, secret = hooked(stack, one)
        stack.servers["redis"].stop()
        try:
            client.send(stack, client.message("while it is away"), inbox.address)
            (item,) = inbox.api.wait_for(1)
            assert probe.queued(stack) == 0
        finally:
            stack.servers["redis"].start()
        told(one, 1)
        assert json.loads(one.body())["data"]["message_id"] == item["id"]
        assert is_signed(secret, one.fields(), one.body())


LIMITED = """
from django.conf import settings
from mailboxes.services import webhook_limits
settings.WEBHOOK_HOST_RATE = 2
hosts = ("receiver.example", "192.0.2.7")
print(json.dumps([webhook_limits.is_within_rate(*hosts) for _ in range(3)]))
"""


def test_calls_are_counted_in_redis_for_a_minute_under_digests(stack: Stack) -> None:
    assert probe.shell(stack, LIMITED) == [True, True, False]
    with redis.Redis(unix_socket_path=f"{stack.state_dir}/redis/redis.sock") as server:
        keys = list(server.scan_iter(match="tempmail:webhooks:*"))
        assert len(keys) == 2
        for key in keys:
            assert b"example" not in key
            assert 0 < server.ttl(key) <= 60
            server.delete(key)


def test_the_example_of_the_documentation_makes_one(stack: Stack) -> None:
    inbox = client.new_inbox(stack)
    (script,) = documented.blocks(__file__, "docs/webhooks.md")
    hook = "https://ci.example/hooks/mail"
    made = json.loads(
        doc_examples.run(stack, "bash", "-eu", "-c", script, token=inbox.token, hook=hook)
    )
    assert made.pop("secret").startswith("whsec_")
    assert inbox.api("GET", "webhooks/me").data["items"] == [made]
