"""Telling open pages and waiting API calls that something happened in a mailbox. Redis carries ids only."""

import asyncio
import contextlib
import logging
import time
import weakref
from collections.abc import AsyncIterator
from functools import lru_cache

import redis
import redis.asyncio
from django.conf import settings
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

ENDED = "ended"
FROZEN = "frozen"  # or given back
_PREFIX = "tempmail:mailbox:"
_PAUSE = (
    5.0  # seconds without a try after a failure: a missing Redis must not slow the mail path down
)
_silent_until = 0.0


@lru_cache(maxsize=1)
def _client() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=0.5, socket_connect_timeout=0.5)


def publish(public_id: str, event: str) -> None:
    """Tell whoever watches this mailbox. Never raises and never waits long: the database is what counts."""
    global _silent_until
    if time.monotonic() < _silent_until:
        return
    try:
        _client().publish(_PREFIX + public_id, event)
    except (RedisError, OSError):
        _silent_until = time.monotonic() + _PAUSE
        logger.warning("redis is away: open pages learn of new mail late")


class Hub:
    """One Redis subscription for all watchers of an event loop."""

    def __init__(self) -> None:
        self._watchers: dict[str, set[asyncio.Event]] = {}
        self._task: asyncio.Task[None] | None = None
        self._pubsub: redis.asyncio.client.PubSub | None = None
        self.healthy = False

    @contextlib.asynccontextmanager
    async def watch(self, public_id: str) -> AsyncIterator[asyncio.Event]:
        """Yield an event that is set whenever something happened in the mailbox, or may have.

        After Redis was away every watcher is woken once, as it may have missed something. While it is away `healthy`
        is false, and a watcher asks the database now and then.
        """
        event = asyncio.Event()
        channel = _PREFIX + public_id
        watchers = self._watchers.setdefault(channel, set())
        watchers.add(event)
        try:
            if len(watchers) == 1:
                await self._follow(channel)
            yield event
        finally:
            watchers.discard(event)
            if not watchers and self._watchers.get(channel) is watchers:
                del self._watchers[channel]
                await self._unfollow(channel)

    async def _follow(self, channel: str) -> None:
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._listen())
        elif self._pubsub is not None and self.healthy:
            with contextlib.suppress(RedisError, OSError):
                await self._pubsub.subscribe(channel)

    async def _unfollow(self, channel: str) -> None:
        if not self._watchers and self._task is not None:
            self._task.cancel()
            self._task = None
        elif self._pubsub is not None and self.healthy:
            with contextlib.suppress(RedisError, OSError):
                await self._pubsub.unsubscribe(channel)

    async def _listen(self) -> None:
        """Follow all watched channels; after a failure begin again, for as long as somebody watches."""
        while True:
            client = redis.asyncio.Redis.from_url(
                settings.REDIS_URL,
                socket_timeout=None,
                socket_connect_timeout=1,
                health_check_interval=30,
            )
            try:
                async with client, client.pubsub() as pubsub:
                    await self._receive(pubsub)
            except (RedisError, OSError):
                if self.healthy:
                    logger.warning("redis is away: streams ask the database until it is back")
            finally:
                self.healthy, self._pubsub = False, None
            await asyncio.sleep(1)

    async def _receive(self, pubsub: redis.asyncio.client.PubSub) -> None:
        await pubsub.subscribe(*self._watchers)
        self._pubsub, self.healthy = pubsub, True
        # Watchers that came while the subscription was being made, and news that was published before it was.
        await pubsub.subscribe(*self._watchers)
        for channel in list(self._watchers):
            self._wake(channel)
        while True:
            message = await pubsub.get_message(ignore_subscribe_messages=True, timeout=None)
            if message is not None:
                self._wake(message["channel"].decode())

    def _wake(self, channel: str) -> None:
        for event in self._watchers.get(channel, ()):
            event.set()


_hubs: "weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Hub]" = weakref.WeakKeyDictionary()


def hub() -> Hub:
    """Return the hub of the running event loop."""
    return _hubs.setdefault(asyncio.get_running_loop(), Hub())
