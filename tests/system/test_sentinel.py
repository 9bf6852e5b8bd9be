"""Redis with a replica and three Sentinels: its master is killed, and everything that uses Redis finds the next one."""

import asyncio
import contextlib
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from celery import Celery
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

from deploy.local import ports
from deploy.local.processes import Child
from deploy.local.servers import find
from mailboxes import live, redis_clients
from mailboxes.gate import places
from mailboxes.gate.places import Place
from mailboxes.rules import redis_urls
from mailboxes.services import exclusive, heartbeats
from tests.system import machine

PASSWORD = "kestrel"
MASTER = "tempmail"
DEADLINE = 60.0
CHECKOUT = Path(__file__).resolve().parents[2]


class Group:
    """A master, a replica, and three Sentinels, of which two must agree."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.ports = [ports.free() for _ in range(2)]
        self.guard_ports = [ports.free() for _ in range(3)]
        self.servers = [self._server(index) for index in range(2)]
        self.guards = [self._guard(index) for index in range(3)]

    @property
    def url(self) -> str:
        """A REDIS_URL; the first Sentinel in it does not exist."""
        guards = ",".join(f"127.0.0.1:{port}" for port in (ports.free(), *self.guard_ports))
        return f"{redis_urls.SCHEME}://:{PASSWORD}@{guards}/{MASTER}/0"

    def start(self) -> None:
        """Start all, and wait until each Sentinel knows the others and the replica."""
        for child in (*self.servers, *self.guards):
            child.start()
        for port in self.guard_ports:
            wait_until(lambda port=port: _is_complete(port), "the Sentinels")  # type: ignore[misc]

    def stop(self) -> None:
        """End all."""
        for child in (*self.guards, *self.servers):
            child.stop()

    def _server(self, index: int) -> Child:
        lines = [f"port {self.ports[index]}", "save ''", f"requirepass {PASSWORD}"]
        lines += [f"masterauth {PASSWORD}", "maxmemory-policy volatile-ttl"]
        if index:
            lines.append(f"replicaof 127.0.0.1 {self.ports[0]}")
        return self._child(f"server{index}", lines)

    def _guard(self, index: int) -> Child:
        lines = [f"port {self.guard_ports[index]}"]
        lines += [f"sentinel monitor {MASTER} 127.0.0.1 {self.ports[0]} 2"]
        lines += [f"sentinel auth-pass {MASTER} {PASSWORD}"]
        lines += [f"sentinel down-after-milliseconds {MASTER} 1000"]
        lines += [f"sentinel failover-timeout {MASTER} 6000"]
        return self._child(f"sentinel{index}", lines, "--sentinel")

    def _child(self, name: str, lines: list[str], *words: str) -> Child:
        settings = self.directory / f"{name}.conf"
        settings.write_text("\n".join(["bind 127.0.0.1", *lines, ""]))
        command = [find("redis-server"), str(settings), *words]
        env = {"PATH": os.environ["PATH"]}
        return Child(name, command, env, self.directory, self.directory / f"{name}.log")


def _is_complete(port: int) -> bool:
    with contextlib.suppress(RedisError), redis.Redis(port=port) as guard:
        state = guard.sentinel_master(MASTER)
        return bool(state["num-other-sentinels"] == 2 and state["num-slaves"] == 1)
    return False


@pytest.fixture(scope="module")
def group() -> Iterator[Group]:
    machine.needs_programs("redis-server")
    with tempfile.TemporaryDirectory(prefix="tempmail-sentinel-") as scratch:
        running = Group(Path(scratch))
        try:
            running.start()
            yield running
        finally:
            running.stop()


@pytest.fixture
def worker(group: Group) -> Iterator[Child]:
    """A real worker of Celery."""
    env = {**os.environ, "REDIS_URL": group.url, "DJANGO_SETTINGS_MODULE": "tests.settings"}
    words = ["-m", "celery", "-q", "-A", "tempmail_site", "worker", "-P", "solo"]
    words += ["--without-gossip", "--without-mingle"]
    log = group.directory / "celery.log"
    child = Child("celery", [sys.executable, *words, "-l", "INFO"], env, CHECKOUT, log)
    child.start()
    try:
        child.wait_until(lambda: child.printed(" ready."))
        yield child
    finally:
        child.stop()


def test_all_that_uses_redis_finds_the_next_master(
    group: Group, worker: Child, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.REDIS_URL = group.url
    monkeypatch.setattr(live, "_DISTRUST", 0.1)
    broker = Celery("test", broker=redis_urls.broker(group.url), set_as_current=False)
    broker.conf.broker_transport_options = redis_urls.broker_options(group.url, 1.0)
    cache = RedisCache([group.url], {"OPTIONS": {"pool_class": redis_clients.Pool, **_LIMITS}})
    asyncio.run(asyncio.wait_for(_told_before_and_after(group), 3 * DEADLINE))
    # By the master that there is now, each by the connections that it had.
    wait_until(lambda: _holds(lambda: cache.add("used:x", 1, 60)), "the cache")
    monkeypatch.setattr(places, "_silent_until", 0.0)
    Place(places.WAITS, "box", 60).take()
    heartbeats.note("task", "success", 1.0)
    assert heartbeats.last("task") is not None
    with exclusive.hold("task", 60) as first, exclusive.hold("task", 60) as second:
        assert (first, second) == (True, False)
    with redis.Redis(port=group.ports[1], password=PASSWORD) as survivor:
        kept = {key.decode() for key in survivor.keys("*")}
    assert {"tempmail:open:waits:box", "tempmail:ran:task", ":1:used:x"} <= kept
    began = time.monotonic()
    wait_until(lambda: _holds(lambda: broker.control.ping(timeout=2, limit=1)), "Celery's worker")
    print(f"Celery's worker answers {time.monotonic() - began:.1f} s later")


_LIMITS = {"socket_timeout": 1, "socket_connect_timeout": 1}


async def _told_before_and_after(group: Group) -> None:
    """One who watches an inbox is told through the first master, and through the next one after it was killed."""
    async with live.hub().watch("box") as news:
        await _publish_until(news)
        group.servers[0].process.kill()  # type: ignore[union-attr]
        began = time.monotonic()
        await asyncio.sleep(1)
        while live.hub().healthy:
            await asyncio.sleep(0.1)
        while not live.hub().healthy:
            await asyncio.sleep(0.1)
        await _publish_until(news)
        print(f"told again {time.monotonic() - began:.1f} s after the master was killed")


async def _publish_until(news: asyncio.Event) -> None:
    while not live.hub().healthy:
        await asyncio.sleep(0.05)
    news.clear()
    while not news.is_set():
        live._silent_until = 0.0
        await asyncio.to_thread(live.publish, "box", "message")
        await asyncio.sleep(0.1)


def _holds(condition: Callable[[], object]) -> bool:
    try:
        return bool(condition())
    except (RedisError, OSError):
        return False


def wait_until(condition: Callable[[], object], what: str) -> None:
    """Wait for an event, with a generous deadline."""
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.1)
