"""The event stream of the API."""

import asyncio
import contextlib
import json

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.db import OperationalError
from django.test import AsyncClient, Client

from mailboxes.api import events
from mailboxes.gate import places
from mailboxes.gate.places import Place
from mailboxes.models.messages import Message
from mailboxes.services import ending, event_stream, following, moderation
from tests import messages
from tests.unit import told
from tests.unit.problems import assert_problem

pytestmark = pytest.mark.django_db(transaction=True)

DEADLINE = 20  # seconds


@pytest.fixture(autouse=True)
def _told(monkeypatch: pytest.MonkeyPatch) -> None:
    told.install(monkeypatch)
    monkeypatch.setattr(places, "_here", {})
    monkeypatch.setattr(places, "_silent_until", float("inf"))  # Redis is away, for them


def bearer(owner) -> dict[str, str]:
    return {"Authorization": f"Bearer {owner.token}"}


def follow(owner, until, meanwhile=None, query="", **headers) -> str:
    """Read a stream until it says `until`, or ends; call `meanwhile` once it has begun. Return all that it said."""

    async def read() -> str:
        response = await AsyncClient().get(
            f"/api/events/me{query}", headers=bearer(owner) | headers
        )
        assert response["Content-Type"] == "text/event-stream; charset=utf-8"
        assert response["Cache-Control"] == "no-store"
        said = ""
        async with (
            asyncio.timeout(DEADLINE),
            contextlib.aclosing(response.streaming_content) as stream,
        ):
            async for chunk in stream:
                said += chunk.decode()
                if "event: ends" in chunk.decode() and meanwhile:
                    await sync_to_async(meanwhile, thread_sensitive=False)()
                if until in said:
                    break
        await sync_to_async(response.close)()
        return said

    return async_to_sync(read)()


def data(said: str, name: str = "message") -> list[dict[str, object]]:
    """What the events of this name carry."""
    blocks = [block.splitlines() for block in said.split("\n\n")]
    return [
        json.loads(line.removeprefix("data: "))
        for lines in blocks
        if f"event: {name}" in lines
        for line in lines
        if line.startswith("data: ")
    ]


def test_a_message_comes_as_the_list_shows_it(api, owner, deliver) -> None:
    said = follow(owner, "event: message", lambda: deliver(owner.address))
    assert said.startswith("retry: 3000\n\n")
    assert "id: 1\nevent: message\n" in said
    listed = api("GET", "emails/me", owner.token).data
    assert data(said) == listed["items"]
    assert listed["items"][0]["codes"] == ["482913"]
    assert listed["position"] == "1"


@pytest.mark.parametrize(
    ("query", "headers", "subjects"),
    [
        ("", {}, ["new"]),
        ("", {"Last-Event-ID": "1"}, ["1", "2", "new"]),
        ("?after=2", {}, ["2", "new"]),
        ("?after=0", {"Last-Event-ID": "3"}, ["new"]),
        ("?after=2", {"Last-Event-ID": "x"}, ["2", "new"]),
        ("?after=ID", {}, ["1", "2", "new"]),
    ],
)
def test_a_stream_begins_where_it_is_told_to_else_now(
    owner, deliver, query, headers, subjects
) -> None:
    for n in range(3):
        deliver(owner.address, raw=messages.plain(subject=str(n), received=str(n)))
    query = query.replace("ID", str(Message.objects.get(sequence=1).id))
    new = messages.plain(subject="new", received="new")
    said = follow(
        owner, '"subject":"new"', lambda: deliver(owner.address, raw=new), query, **headers
    )
    assert [each["subject"] for each in data(said)] == subjects


def test_mail_that_is_committed_after_the_look_is_told(owner, deliver, monkeypatch) -> None:
    look = following.look

    def look_before_mail(mailbox_id):
        seen = look(mailbox_id)
        monkeypatch.setattr(following, "look", look)
        deliver(owner.address)
        return seen

    monkeypatch.setattr(following, "look", look_before_mail)
    assert len(data(follow(owner, "event: message"))) == 1


def test_mail_that_is_deleted_before_it_is_told_is_left_out(owner, deliver) -> None:
    def come_and_go() -> None:
        deliver(owner.address, raw=messages.plain(subject="gone", received="gone"))
        ending.delete_messages(owner.mailbox)
        deliver(owner.address, raw=messages.plain(subject="stays", received="stays"))

    said = follow(owner, "event: message", come_and_go)
    assert [each["subject"] for each in data(said)] in (["stays"], ["gone", "stays"])


def test_more_than_a_batch_comes_whole_and_in_order(owner, deliver, monkeypatch) -> None:
    monkeypatch.setattr(event_stream, "BATCH", 2)
    for n in range(5):
        deliver(owner.address, raw=messages.plain(subject=str(n), received=str(n)))
    said = follow(owner, '"subject":"4"', query="?after=0")
    assert [each["subject"] for each in data(said)] == list("01234")


def test_a_stream_tells_the_end_as_it_moves_and_stops_there(owner) -> None:
    acts = [lambda: ending.extend(owner.mailbox, 86_400), lambda: ending.end(owner.mailbox)]

    def act() -> None:
        acts.pop(0)()
        told.wake(owner)

    said = follow(owner, "never said", act)
    first, second = (each["at"] for each in data(said, "ends"))
    assert first < second
    assert said.endswith("event: ended\ndata: {}\n\n")


def test_a_stream_stops_when_its_mailbox_is_frozen(owner) -> None:
    said = follow(owner, "never said", lambda: moderation.freeze(owner.mailbox, reason="tests"))
    assert said.endswith("event: frozen\ndata: {}\n\n")


def test_a_stream_stops_when_the_database_is_away_and_the_client_comes_again(
    owner, monkeypatch
) -> None:
    def away(mailbox_id: int) -> None:
        raise OperationalError

    monkeypatch.setattr(following, "look", away)
    assert follow(owner, "never said") == "retry: 3000\n\n"


def test_a_quiet_stream_says_that_it_is_alive_and_keeps_its_place(owner, monkeypatch) -> None:
    monkeypatch.setattr(event_stream, "KEEP_ALIVE", 0.05)
    monkeypatch.setattr(events, "_RENEW", 0)
    renewed = []
    take = Place.take
    monkeypatch.setattr(Place, "take", lambda place: (renewed.append(place), take(place)))
    assert "event: alive\ndata: {}\n\n" in follow(owner, "event: alive")
    assert len(renewed) > 1
    assert len(set(renewed)) == 1


def test_a_sixth_stream_of_a_token_is_refused_until_one_is_closed(api, owner) -> None:
    taken = [Place(places.STREAMS, owner.mailbox.public_id, 60) for _ in range(5)]
    for place in taken:
        place.take()

    async def refused() -> int:
        answer = await AsyncClient().get("/api/events/me", headers=bearer(owner))
        return answer.status_code

    assert async_to_sync(refused)() == 429
    taken.pop().give_back()
    for _ in range(2):
        follow(owner, "event: ends")
    for place in taken:
        place.give_back()
    assert places._here == {}


def test_on_wsgi_it_answers_what_is_new_and_ends(owner, deliver) -> None:
    client = Client(headers=bearer(owner))
    assert client.get("/api/events/me").content == b"retry: 5000\n\n"
    deliver(owner.address)
    answer = client.get("/api/events/me?after=0")
    assert len(data(answer.content.decode())) == 1
    assert answer["Content-Type"] == "text/event-stream; charset=utf-8"
    assert places._here == {}


def test_who_may_not_is_refused_before_the_stream(api, owner, stranger, deliver) -> None:
    deliver(stranger.address)
    theirs = Message.objects.get().id
    assert_problem(api("GET", "events/me"), 401, "unauthorized")
    assert_problem(api("GET", f"events/{stranger.address}", owner.token), 404, "not_found")
    assert_problem(api("GET", f"events/me?after={theirs}", owner.token), 404, "not_found")
    assert_problem(api("GET", "events/me?after=x", owner.token), 422, "invalid")
    moderation.freeze(owner.mailbox, reason="tests")
    assert_problem(api("GET", "events/me", owner.token), 403, "frozen")
