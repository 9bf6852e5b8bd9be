"""The one way to Redis: the server that REDIS_URL names, or the one that its Sentinels say is the master.

Every client tries once: who asks decides what to do without Redis. With Sentinels a new connection asks them first, so
that after a failover the next try reaches the new master.
"""

import contextlib
from collections.abc import AsyncIterator
from functools import lru_cache
from typing import Any

import redis
import redis.asyncio
import redis.asyncio.retry
import redis.asyncio.sentinel
import redis.sentinel
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

from mailboxes.rules import redis_urls
from mailboxes.rules.redis_urls import Sentinels

_CONNECT_TIMEOUT = 1.0  # seconds; of a subscription, and of a Sentinel


def client(timeout: float) -> redis.Redis:
    """Return this process's client with this time limit in seconds, the same one each time; it need not be closed."""
    return _client(settings.REDIS_URL, timeout)


@contextlib.asynccontextmanager
async def subscriber() -> AsyncIterator[redis.asyncio.Redis]:
    """Yield a client of its own for one subscription, which may be silent for as long as it likes."""
    place = redis_urls.sentinels(settings.REDIS_URL)
    limits: dict[str, Any] = {"socket_timeout": None, "socket_connect_timeout": _CONNECT_TIMEOUT}
    if place is None:
        async with redis.asyncio.Redis.from_url(settings.REDIS_URL, **limits) as single:
            yield single
        return
    once = redis.asyncio.retry.Retry(NoBackoff(), 0)
    asking = {**_asking(place, _CONNECT_TIMEOUT), "retry": once}
    guards = redis.asyncio.sentinel.Sentinel(place.addresses, sentinel_kwargs=asking)
    try:
        async with guards.master_for(place.master, **_login(place), **limits) as master:
            yield master
    finally:
        for guard in guards.sentinels:
            await guard.aclose()


class Pool:
    """What Django's cache makes its connections with (CACHES OPTIONS pool_class)."""

    @classmethod
    def from_url(cls, url: str, **options: Any) -> redis.ConnectionPool:
        """Return this process's pool of connections to what this REDIS_URL names, the same one each time.

        Django makes a cache, and asks for a pool, for each asynchronous request: with pools of their own a thousand
        open streams would hold two thousand connections.
        """
        return _shared_pool(url, tuple(sorted(options.items())))


@lru_cache(maxsize=32)
def _shared_pool(url: str, options: tuple[tuple[str, Any], ...]) -> redis.ConnectionPool:
    return _pool(url, **dict(options))


@lru_cache(maxsize=32)
def _client(url: str, timeout: float) -> redis.Redis:
    return redis.Redis(
        connection_pool=_pool(url, socket_timeout=timeout, socket_connect_timeout=timeout)
    )


def _pool(url: str, **options: Any) -> redis.ConnectionPool:
    place = redis_urls.sentinels(url)
    options = {"retry": Retry(NoBackoff(), 0), **options}
    if place is None:
        return redis.ConnectionPool.from_url(url, **options)
    asking = _asking(place, min(_CONNECT_TIMEOUT, options["socket_connect_timeout"]))
    guards = redis.sentinel.Sentinel(
        place.addresses, sentinel_kwargs={**asking, "retry": Retry(NoBackoff(), 0)}
    )
    return redis.sentinel.SentinelConnectionPool(
        place.master, guards, **{**_login(place), **options}
    )


def _login(place: Sentinels) -> dict[str, Any]:
    """How to sign in at the server itself."""
    return {
        "db": place.database,
        "username": place.username or None,
        "password": place.password or None,
    }


def _asking(place: Sentinels, timeout: float) -> dict[str, Any]:
    """How to ask a Sentinel. They are asked one after the other, so that this is added up over those that are away."""
    return {
        "socket_timeout": timeout,
        "socket_connect_timeout": timeout,
        "password": place.sentinel_password or None,
    }
