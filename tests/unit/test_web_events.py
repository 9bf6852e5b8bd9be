"""The event stream of the inbox page."""

import asyncio
import contextlib
from datetime import timedelta

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.test import AsyncClient

from mailboxes import live
from mailboxes.models.mailboxes import Mailbox
from mailboxes.services import clock, ending, event_stream, following
from mailboxes.web import cookies, events
from tests import messages
from tests.unit.web_visitors import inbox_url, visitor

DEADLINE = 20  # seconds


@pytest.fixture(autouse=True)
def _one_thread(monkeypatch):
    """Keep the stream's queries on the thread of the test, whose transaction sees what the test did."""
    for module in (events, event_stream):
        monkeypatch.setattr(module, "in_database_pool", events._on_this_thread)
    monkeypatch.setattr(following, "STEP", 0.05)


def follow(owner, until, meanwhile=lambda: None, **headers):
    """Read an ASGI stream until it says `until`; call `meanwhile` once it is open. Return all that it said."""

    async def read():
        client = AsyncClient()
        client.cookies[cookies.name(owner.mailbox.public_id)] = owner.token
        response = await client.get(inbox_url(owner) + "events", headers=headers)
        assert response["Content-Type"] == "text/event-stream; charset=utf-8"
        said = ""
        async with (
            asyncio.timeout(DEADLINE),
            contextlib.aclosing(response.streaming_content) as stream,
        ):
            async for chunk in stream:
                if not said:
                    await sync_to_async(meanwhile)()
                said += chunk.decode()
                if until in said:
                    break
        return said

    return async_to_sync(read)()


def test_a_stream_tells_ids_only_of_what_arrives(owner, deliver):
    said = follow(owner, "id: 1", lambda: deliver(owner.address))
    message = owner.mailbox.messages.get()
    assert f'id: 1\nevent: message\ndata: {{"id":"{message.id.hex}","sequence":1}}\n\n' in said
    assert "plain hello" not in said


def test_a_stream_catches_up_from_the_last_event(owner, deliver):
    for n in range(3):
        deliver(owner.address, raw=messages.plain(received=str(n)), queue_id=str(n))
    said = follow(owner, "id: 3", **{"Last-Event-ID": "1"})
    assert "id: 2\n" in said
    assert "id: 1\n" not in said


def test_a_stream_says_when_the_mailbox_ends_and_then_stops(owner):
    said = follow(owner, "never said", lambda: ending.end(owner.mailbox))
    assert said.endswith("event: ended\ndata: {}\n\n")


@pytest.fixture
def healthy(monkeypatch):
    """Let streams believe that Redis would tell them: then they look only when it is time."""

    class Healthy(live.Hub):
        def __setattr__(self, name, value):
            super().__setattr__(name, True if name == "healthy" else value)

    hub = Healthy()
    monkeypatch.setattr(live, "hub", lambda: hub)


def end_in(owner, **time):
    ends_at = clock.now() + timedelta(**time)
    Mailbox.objects.filter(pk=owner.mailbox.pk).update(ends_at=ends_at)
    return ends_at


@pytest.mark.usefixtures("healthy")
def test_a_stream_says_so_when_a_mailbox_ends_unused_before_its_lifetime(owner):
    end_in(owner, milliseconds=300)
    assert follow(owner, "never said").endswith("event: ended\ndata: {}\n\n")


@pytest.mark.usefixtures("healthy")
def test_a_stream_goes_on_to_an_end_that_was_put_off_and_tells_it(owner, monkeypatch):
    ends = [end_in(owner, milliseconds=300)]
    look = following.look

    def look_and_then_put_it_off(*args):
        seen = look(*args)
        if len(ends) == 1:
            ends.append(end_in(owner, milliseconds=900))
        return seen

    monkeypatch.setattr(following, "look", look_and_then_put_it_off)
    said = follow(owner, "event: ended")
    told = [event_stream.Event("ends", {"at": each}).encode() for each in ends]
    assert told[0].startswith('event: ends\ndata: {"at":"20')
    assert said == "".join(["retry: 3000\n\n", *told, "event: ended\ndata: {}\n\n"])
    assert clock.now() >= ends[1]


@pytest.mark.usefixtures("healthy")
def test_a_quiet_stream_is_kept_alive(owner, monkeypatch):
    monkeypatch.setattr(event_stream, "KEEP_ALIVE", 0.05)
    assert "event: alive\ndata: {}\n\n" in follow(owner, "event: alive")


def test_on_wsgi_it_answers_what_is_new_and_ends(owner, deliver):
    deliver(owner.address)
    response = visitor(owner).get(inbox_url(owner) + "events?after=0")
    said = response.content.decode()
    assert said.startswith("retry: 5000\n\n")
    assert "id: 1\nevent: message\n" in said
    assert response["X-Accel-Buffering"] == "no"
    assert response["Cache-Control"] == "no-store"


def test_on_wsgi_without_news_it_ends_at_once(owner, deliver):
    deliver(owner.address)
    response = visitor(owner).get(
        inbox_url(owner) + "events?after=0", headers={"Last-Event-ID": "1"}
    )
    assert response.content.decode() == "retry: 5000\n\n"


def test_a_nonsense_event_id_begins_now(owner, deliver):
    deliver(owner.address)
    response = visitor(owner).get(
        inbox_url(owner) + "events?after=x", headers={"Last-Event-ID": "9" * 30}
    )
    assert "id:" not in response.content.decode()
