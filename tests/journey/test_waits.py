"""A thousand waits at once cost no worker."""

import asyncio
import contextlib
import signal
import time
from collections.abc import Callable, Iterator
from typing import Any

import psycopg2
import pytest
import redis
import redis.asyncio

from deploy.local.stack import Stack
from mailboxes import database_pool, live
from mailboxes.gate import places
from mailboxes.gate.places import Place
from tests.journey import crowd
from tests.journey.client import Api, http_request, message, send

PAGE_THREADS = 10  # tempmail_site.asgi
BOXES = 500
WAIT = "/api/emails/me?wait=55&subject=wanted"


def connections(stack: Stack) -> int:
    """How many connections the instance has to its database."""
    url = stack.env["DATABASE_URL"]
    if not url:
        pytest.skip("no PostgreSQL in the environment")
    with contextlib.closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        return int(cursor.fetchone()[0])


@pytest.fixture(scope="module")
def boxes(stack: Stack) -> list[crowd.Box]:
    """As many mailboxes as wait, and some for what else is tested."""
    return crowd.new_boxes(stack, BOXES + 5)


def test_a_thousand_waits_hold_up_nothing_and_each_gets_its_own_mail(
    stack: Stack, boxes: list[crowd.Box]
) -> None:
    chosen, waiting, other = boxes[:3], boxes[:BOXES], boxes[BOXES]
    before = connections(stack)

    async def visit() -> None:
        waits = [
            (box, asyncio.create_task(crowd.get(stack, WAIT, box.token)))
            for _ in range(2)
            for box in waiting
        ]
        try:
            await crowd.until_open(stack, 2 * BOXES)
            await asyncio.to_thread(while_they_wait)
            answers = [await task for box, task in waits if box in chosen]
            assert [status for status, _ in answers] == [200] * 6
            found = [[item["subject"] for item in data["items"]] for _, data in answers]
            assert found == [[f"wanted {n}"] for n in (0, 1, 2)] * 2
            assert sum(not task.done() for _, task in waits) == 2 * BOXES - 6
        finally:
            for _, task in waits:
                task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(*(task for _, task in waits))
        await crowd.until_open(stack, 0)

    def while_they_wait() -> None:
        for path in ("/", "/about", "/healthz"):
            assert http_request(stack, "GET", path).status == 200
        bearer = {"Authorization": f"Bearer {other.token}"}
        assert http_request(stack, "GET", "/api/emails/me", headers=bearer).data["items"] == []
        for number, box in enumerate(chosen):
            send(stack, message("not this one"), box.address)
            send(stack, message(f"wanted {number}"), box.address)
        own = database_pool.THREADS + database_pool.READING_THREADS + PAGE_THREADS
        assert connections(stack) <= before + own
        assert crowd.threads(stack) <= own + 10

    asyncio.run(visit())


@pytest.fixture
def redis_url(stack: Stack, settings: Any) -> Iterator[str]:
    """Be another process of the instance, as far as Redis is concerned."""
    settings.REDIS_URL = f"unix://{stack.state_dir}/redis/redis.sock"
    yield settings.REDIS_URL
    places._client().connection_pool.disconnect()
    places._here.clear()


def test_all_processes_count_the_waits_of_a_token_together(
    stack: Stack, boxes: list[crowd.Box], redis_url: str
) -> None:
    box = boxes[BOXES + 1]
    api = Api(stack, box.token)
    first, second = (Place(places.WAITS, box.public_id, seconds) for seconds in (60, 5))
    first.take()
    second.take()
    refused = api("GET", "emails/me?wait=1")
    assert (refused.status, refused.data["code"]) == (429, "rate_limited")
    assert int(refused.headers["retry-after"]) >= 1
    assert refused.headers["ratelimit-policy"] == '"waits";q=2;qu="concurrent-requests"'
    # The second one's process died, say: nobody gives its place back, and it is free by itself.
    deadline = time.monotonic() + crowd.DEADLINE
    while api("GET", "emails/me?wait=1").status != 200:
        assert time.monotonic() < deadline
    with redis.Redis.from_url(redis_url) as client:
        (key,) = client.scan_iter(match=f"tempmail:open:*:{box.public_id}")
        assert 0 < client.ttl(key) <= 60
        first.give_back()
        assert not client.exists(key)


def test_who_comes_while_the_last_one_leaves_is_told_too(redis_url: str) -> None:
    async def visit() -> None:
        hub = live.Hub()
        async with hub.watch("first") as told:
            await told.wait()  # Redis has confirmed
        async with hub.watch("second") as second, hub.watch("third") as third:
            for event in (second, third):
                await event.wait()
                event.clear()
            async with hub.watch("fourth") as fourth:
                await fourth.wait()
                fourth.clear()
                async with redis.asyncio.Redis.from_url(redis_url) as client:
                    for name in ("second", "third", "fourth"):
                        await client.publish(f"tempmail:mailbox:{name}", "x")
                for event in (second, third, fourth):
                    await event.wait()

    asyncio.run(asyncio.wait_for(visit(), crowd.DEADLINE))


def test_a_redis_that_answers_nothing_is_not_relied_on(
    stack: Stack, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "_SILENCE", 0.1)
    monkeypatch.setattr(live, "_DISTRUST", 0.1)
    server = stack.servers["redis"].child

    async def visit() -> None:
        hub = live.Hub()
        async with hub.watch("mailbox") as told:
            await until(lambda: hub.healthy)
            server.send_signal(signal.SIGSTOP)
            try:
                await until(lambda: not hub.healthy)
            finally:
                server.send_signal(signal.SIGCONT)
            told.clear()
            await told.wait()
            await until(lambda: hub.healthy)

    async def until(is_so: Callable[[], bool]) -> None:
        while not is_so():
            await asyncio.sleep(0.02)

    asyncio.run(asyncio.wait_for(visit(), crowd.DEADLINE))


def test_a_stream_tells_at_once_and_gives_its_place_back(
    stack: Stack, boxes: list[crowd.Box]
) -> None:
    box = boxes[BOXES + 2]

    async def visit() -> None:
        streams = [await crowd.follow(stack, box.token) for _ in range(5)]
        for reader, _ in streams:
            assert b" 200 " in await reader.readline()
            await reader.readuntil(b"event: ends\n")
        assert (await crowd.get(stack, "/api/events/me", box.token))[0] == 429
        await asyncio.to_thread(send, stack, message("told"), box.address)
        for reader, _ in streams:
            said = await reader.readuntil(b"event: message\n")
            assert said.endswith(b"id: 1\nevent: message\n")
            assert b'"subject":"told"' in await reader.readline()
        for _, writer in streams:
            writer.close()
        await crowd.until_open(stack, 0)

    asyncio.run(asyncio.wait_for(visit(), crowd.DEADLINE))


def test_a_wait_outlives_redis_and_is_woken_when_it_is_back(
    stack: Stack, boxes: list[crowd.Box]
) -> None:
    during, after = boxes[BOXES + 3 :]

    async def visit() -> None:
        found = [asyncio.create_task(crowd.get(stack, WAIT, box.token)) for box in (during, after)]
        await crowd.until_open(stack, 2)
        stack.servers["redis"].stop()  # from this thread: it would end with another one
        try:
            await asyncio.to_thread(send, stack, message("wanted"), during.address)
            assert len((await found[0])[1]["items"]) == 1
        finally:
            stack.servers["redis"].start()
        await asyncio.to_thread(send, stack, message("wanted"), after.address)
        assert len((await found[1])[1]["items"]) == 1

    asyncio.run(visit())
