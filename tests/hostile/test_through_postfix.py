"""Nasty messages and bombs by SMTP through a real Postfix to pages over HTTP: all come, all open."""

import contextlib
import re

import pytest

from deploy.local.stack import Stack
from tests.hostile import bombs, corpus, nasty
from tests.journey.client import Inbox, http_request, new_inbox
from tests.journey.probe import RawClient

BOMBS = (
    *("100,000 parts", "1,000 messages in messages", "1.8 MB of headers", "64,000 semicolons"),
    *("comments in To", "an image used 50,000 times", "digits in a style"),
)


@pytest.fixture(scope="module")
def inbox(hostile_stack: Stack) -> Inbox:
    return new_inbox(hostile_stack)


def smtp(stack: Stack, inbox: Inbox, messages: list[bytes]) -> list[bytes]:
    """Send them in one session; return the reply to each."""
    with contextlib.closing(RawClient(stack)) as client:
        client.command("EHLO client.example.org")
        return [transaction(client, inbox.address, raw) for raw in messages]


def transaction(client: RawClient, address: str, raw: bytes) -> bytes:
    """The reply to one message."""
    assert client.command("MAIL FROM:<sender@example.org>").startswith(b"250")
    assert client.command(f"RCPT TO:<{address}>").startswith(b"250")
    assert client.command("DATA").startswith(b"354")
    lines = raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    stuffed = re.sub(rb"(?m)^\.", b"..", lines)
    client.socket.sendall(stuffed + b"\r\n.\r\n")
    return client.reply()


def open_all(stack: Stack, inbox: Inbox, items: list[dict[str, str]]) -> None:
    """Every page of each message over HTTP."""
    public_id = inbox.url.strip("/").rpartition("/")[2]
    cookie = {"Cookie": f"m-{public_id}={inbox.token}"}
    for item in items:
        for rest in ("", "?view=text", "frame", "source"):
            answer = http_request(stack, "GET", f"{inbox.url}{item['id']}/{rest}", b"", cookie)
            assert answer.status == 200, (item["subject"], rest)
        answer = inbox.api("GET", f"email/{item['id']}")
        assert answer.status == 200
        for part in answer.data["attachments"][:2]:
            path = f"{inbox.url}{item['id']}/attachments/{part['id']}"
            answer = http_request(stack, "GET", path, b"", cookie)
            assert answer.status == 200
            assert len(answer.body) == part["size"]


def all_items(inbox: Inbox, count: int) -> list[dict[str, str]]:
    """Every line of the list, once this many have come."""
    inbox.api.wait_for(min(count, 100))
    items: list[dict[str, str]] = []
    cursor = ""
    while len(items) < count:
        page = inbox.api("GET", f"emails/me?limit=100{cursor}").data
        items += page["items"]
        if page["next_cursor"]:
            cursor = f"&cursor={page['next_cursor']}"
        else:
            cursor, items = "", items if len(items) >= count else []
    return items


def test_everything_nasty_comes_through_postfix_and_opens(
    hostile_stack: Stack, inbox: Inbox
) -> None:
    sent = [raw for raw, _ in nasty.ALL.values()] + [path.read_bytes() for path in corpus.PATHS]
    replies = smtp(hostile_stack, inbox, sent)
    assert all(reply.startswith(b"250") for reply in replies)
    items = all_items(inbox, len(sent))
    assert len(items) == len(sent)
    open_all(hostile_stack, inbox, items[:: max(1, len(items) // 25)])


def test_bombs_come_through_postfix_and_open(hostile_stack: Stack) -> None:
    inbox = new_inbox(hostile_stack)
    made = {**bombs.OUT_OF_BOUNDS, **bombs.WITHIN_BOUNDS}
    replies = smtp(hostile_stack, inbox, [made[name]() for name in BOMBS])
    assert all(reply.startswith(b"250") for reply in replies)
    items = all_items(inbox, len(BOMBS))
    assert {item["subject"] for item in items} == {"nasty"}
    open_all(hostile_stack, inbox, items)


def test_nesting_that_postfix_does_not_follow_is_refused_and_not_lost(
    hostile_stack: Stack,
) -> None:
    # mime_nesting_limit is 100 (postconf(5)): the sender is told, nothing was answered 250.
    inbox = new_inbox(hostile_stack)
    bomb = bombs.OUT_OF_BOUNDS["52 KB of nested multiparts"]()
    assert smtp(hostile_stack, inbox, [bomb])[0].startswith(b"550 5.6.0")
    smtp(hostile_stack, inbox, [b"Subject: after\n\nseen"])
    assert [item["subject"] for item in inbox.api.wait_for(1)] == ["after"]
