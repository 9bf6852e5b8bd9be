"""Waiting for mail: what ends a wait, what does not, what happens between two looks, and how many there may be."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from types import SimpleNamespace

import pytest
from asgiref.sync import async_to_sync
from asgiref.testing import ApplicationCommunicator
from django.core.handlers.asgi import ASGIHandler

from mailboxes.gate import places
from mailboxes.gate.places import Place
from mailboxes.models.mailboxes import Mailbox
from mailboxes.rules.errors import RateLimited
from mailboxes.services import clock, ending, following, moderation, searching
from tests import messages
from tests.unit import told
from tests.unit.problems import assert_problem

pytestmark = pytest.mark.django_db(transaction=True)

WAIT = "emails/me?wait=55"
DEADLINE = 40  # seconds: less than a wait that nothing ends


@pytest.fixture(autouse=True)
def _told(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let waits be told of what happens, and not end only because their time is over."""
    told.install(monkeypatch)
    monkeypatch.setattr(places, "_here", {})
    monkeypatch.setattr(places, "_silent_until", float("inf"))  # Redis is away, for them
    started = time.monotonic()
    yield
    assert time.monotonic() - started < DEADLINE


@pytest.fixture
def after_looks(monkeypatch):
    """Do things, one after each look at the database: after it has looked, before it waits."""
    look = following.look

    def then(*steps: Callable[[], object]) -> None:
        left = list(steps)

        def look_and_go_on(mailbox_id: int) -> following.Look:
            seen = look(mailbox_id)
            if left:
                left.pop(0)()
            return seen

        monkeypatch.setattr(following, "look", look_and_go_on)

    return then


@pytest.fixture
def arrive(owner, deliver):
    """Return what delivers a message with this subject."""
    return lambda subject: (
        lambda: deliver(owner.address, raw=messages.plain(subject=subject, received=subject))
    )


def subjects(answer) -> list[str]:
    assert answer.status_code == 200, answer.content
    assert answer.data["timed_out"] is None
    return [item["subject"] for item in answer.data["items"]]


def test_mail_that_is_committed_between_look_and_wait_ends_the_wait(
    api, owner, arrive, after_looks
) -> None:
    after_looks(arrive("first"))
    assert subjects(api("GET", WAIT, owner.token)) == ["first"]


def test_a_wait_with_filters_ends_at_a_match_and_looks_at_each_message_once(
    api, owner, arrive, after_looks, monkeypatch
) -> None:
    arrive("old")()
    asked, page = [], searching.page

    def noted_page(opened, criteria, *, limit, before, after):
        asked.append((after, before - 1))
        return page(opened, criteria, limit=limit, before=before, after=after)

    monkeypatch.setattr(searching, "page", noted_page)
    after_looks(arrive("not this"), arrive("nor this"), arrive("but this"))
    assert subjects(api("GET", WAIT + "&subject=but", owner.token)) == ["but this"]
    assert asked == [(0, 1), (1, 2), (2, 3), (3, 4)]


def test_a_wait_for_the_latest_gives_the_match_in_full(api, owner, arrive, after_looks) -> None:
    arrive("old")()
    after_looks(arrive("not this"), arrive("but this"))
    latest = api("GET", "emails/me/latest?wait=55&after=1&subject=but", owner.token)
    assert (latest.status_code, latest.data["subject"]) == (200, "but this")
    assert latest.data["text"]


def test_mail_that_is_deleted_before_the_next_look_does_not_end_the_wait(
    api, owner, arrive, after_looks
) -> None:
    def come_and_go() -> None:
        arrive("gone")()
        ending.delete_messages(owner.mailbox)

    after_looks(come_and_go, arrive("stays"))
    assert subjects(api("GET", WAIT, owner.token)) == ["stays"]


def test_a_wait_that_is_over_says_so_without_items_and_where_to_go_on(
    api, owner, arrive, after_looks
) -> None:
    arrive("old")()
    after_looks(arrive("not this"))
    over = api("GET", "emails/me?wait=1&subject=this+one", owner.token).data
    assert (over["items"], over["timed_out"], over["next_cursor"]) == ([], True, None)
    assert (over["total"], over["position"]) == (2, "2")


def test_a_wait_ends_with_its_mailbox(api, owner, after_looks) -> None:
    after_looks(lambda: ending.end(owner.mailbox))
    assert_problem(api("GET", WAIT, owner.token), 410, "mailbox_ended")


def test_a_wait_ends_when_its_mailbox_is_frozen(api, owner, after_looks) -> None:
    after_looks(lambda: moderation.freeze(owner.mailbox, reason="tests"))
    assert_problem(api("GET", WAIT, owner.token), 403, "frozen")


def test_a_wait_goes_by_an_end_that_is_put_off_meanwhile(api, owner, after_looks) -> None:
    ends = [end_in(owner, milliseconds=200)]
    after_looks(lambda: ends.append(end_in(owner, milliseconds=600)))
    assert_problem(api("GET", WAIT, owner.token), 410, "mailbox_ended")
    assert ends[1] <= clock.now()


def test_a_wait_outlives_the_end_that_its_mailbox_had(api, owner, arrive, after_looks) -> None:
    end_in(owner, milliseconds=200)
    after_looks(lambda: ending.extend(owner.mailbox, 3600), arrive("first"))
    assert subjects(api("GET", WAIT, owner.token)) == ["first"]


def end_in(owner, **time: float):
    ends_at = clock.now() + timedelta(**time)
    Mailbox.objects.filter(pk=owner.mailbox.pk).update(ends_at=ends_at)
    return ends_at


def test_a_third_wait_of_a_token_is_refused_until_one_is_over(api, owner, stranger, arrive) -> None:
    arrive("first")()
    with contextlib.ExitStack() as stack:
        for _ in range(2):
            place = Place(places.WAITS, owner.mailbox.public_id, 60)
            place.take()
            stack.callback(place.give_back)
        refused = api("GET", WAIT, owner.token)
        assert_problem(refused, 429, "rate_limited")
        assert 0 < int(refused["Retry-After"]) <= 60
        assert "ETag" not in refused
        assert_problem(api("GET", "emails/me/latest?wait=1", owner.token), 429, "rate_limited")
        assert subjects(api("GET", "emails/me", owner.token)) == ["first"]
        assert api("GET", "emails/me?wait=1", stranger.token).status_code == 200
    for _ in range(3):
        assert subjects(api("GET", WAIT, owner.token)) == ["first"]


def test_who_goes_away_gives_the_place_back(owner) -> None:
    async def visit() -> None:
        for _ in range(3):
            wait = ApplicationCommunicator(ASGIHandler(), scope("/api/emails/me", "wait=55", owner))
            await wait.send_input({"type": "http.request"})
            while not places._here:
                assert not wait.future.done()
                await asyncio.sleep(0.01)
            await wait.send_input({"type": "http.disconnect"})
            await wait.wait(DEADLINE)
            assert places._here == {}

    async_to_sync(visit)()


def scope(path: str, query: str, owner) -> dict[str, object]:
    headers = [(b"authorization", f"Bearer {owner.token}".encode()), (b"host", b"localhost")]
    return {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "path": path,
        "query_string": query.encode(),
        "headers": headers,
    }


def test_a_place_that_is_given_back_while_it_is_taken_is_free() -> None:
    place = Place(places.WAITS, "mailbox", 60)
    place.give_back()
    place.take()
    assert places._here == {}


def test_a_place_that_nobody_gives_back_is_free_by_itself(monkeypatch) -> None:
    now = [1000.0]
    monkeypatch.setattr(places, "time", SimpleNamespace(monotonic=lambda: now[0]))
    for _ in range(2):
        Place(places.WAITS, "mailbox", 60).take()
    now[0] += 59
    with pytest.raises(RateLimited) as refused:
        Place(places.WAITS, "mailbox", 60).take()
    assert refused.value.retry_after == 1
    now[0] += 2
    last = Place(places.WAITS, "mailbox", 60)
    last.take()
    last.give_back()
    assert places._here == {}


@pytest.mark.filterwarnings("ignore:No directory")  # of static files
def test_whatever_may_wait_is_served_on_the_event_loop() -> None:
    from tempmail_site.asgi import is_live

    for path in ("/api/emails/me", "/api/emails/me/latest", "/api/events/me", "/m/x/events"):
        assert is_live("GET", path)
        assert not is_live("DELETE", path)
    for path in ("/api/email/x", "/api/emails", "/m/x/", "/events", "/api/generate"):
        assert not is_live("GET", path)
