"""Telling open pages and waiting API calls that something happened in a mailbox. Redis carries ids only."""

import asyncio
import contextlib
import logging
import time
import weakref
from collections.abc import AsyncIterator, Sequence

import redis
import redis.asyncio
from redis.exceptions import RedisError

from mailboxes import redis_clients

logger = logging.getLogger(__name__)

ENDED = "ended"
FROZEN = "frozen"  # or given back
_PREFIX = "tempmail:mailbox:"
_TIMEOUT = 0.5  # seconds
_PAUSE = (
    5.0  # seconds without a try after a failure: a missing Redis must not slow the mail path down
)
# Who publishes may still be silent for that long after Redis is back. Until then nobody relies on being told.
_DISTRUST = _PAUSE + 1.0
_SILENCE = (
    10.0  # seconds after which Redis is asked whether it is there, and by which it has to answer
)
_silent_until = 0.0


def _client() -> redis.Redis:
    return redis_clients.client(_TIMEOUT)


def publish(public_id: str, event: str) -> None:
    """Tell whoever watches this mailbox. Never raises and never waits long: the database is what counts."""
    publish_all([(public_id, event)])


def publish_all(events: Sequence[tuple[str, str]]) -> None:
    """As `publish`, for several mailboxes, by public id, in one round trip."""
    global _silent_until
    if time.monotonic() < _silent_until:
        return
    try:
        with _client().pipeline(transaction=False) as pipe:
            for public_id, event in events:
                pipe.publish(_PREFIX + public_id, event)
            pipe.execute()
    except (RedisError, OSError):
        _silent_until = time.monotonic() + _PAUSE
        logger.warning("redis is away: open pages learn of new mail late")


def ping() -> None:
    """Ask Redis for nothing. Raises RedisError, OSError."""
    _client().ping()


class Hub:
    """One Redis subscription for all watchers of an event loop."""

    def __init__(self) -> None:
        self._watchers: dict[str, set[asyncio.Event]] = {}
        self._task: asyncio.Task[None] | None = None
        self._pubsub: redis.asyncio.client.PubSub | None = None
        self.healthy = False
        self.closing = False

    def close(self) -> None:
        """Have everybody who watches leave: the process ends, and another one takes their next request."""
        self.closing = True
        self._wake_all()

    @contextlib.asynccontextmanager
    async def watch(self, public_id: str) -> AsyncIterator[asyncio.Event]:
        """Yield an event that is set whenever something happened in the mailbox, or may have.

        It is set too when Redis confirms that it will tell, at first and after it was away: what was published before
        that was told to nobody. While Redis is away, and for a while after, `healthy` is false, and a watcher asks the
        database now and then.
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
        elif self._pubsub is not None:
            with contextlib.suppress(RedisError, OSError):
                await self._pubsub.subscribe(channel)

    async def _unfollow(self, channel: str) -> None:
        if not self._watchers and self._task is not None:
            self._task.cancel()
            self._task, self._pubsub, self.healthy = None, None, False
        elif self._pubsub is not None:
            with contextlib.suppress(RedisError, OSError):
                await self._pubsub.unsubscribe(channel)

    async def _listen(self) -> None:
        """Follow all watched channels; after a failure begin again, for as long as somebody watches."""
        while True:
            with contextlib.suppress(RedisError, OSError):
                async with redis_clients.subscriber() as client, client.pubsub() as pubsub:
                    await pubsub.subscribe(*self._watchers)
                    await self._rely_on(pubsub)
            await asyncio.sleep(1)

    async def _rely_on(self, pubsub: redis.asyncio.client.PubSub) -> None:
        self._pubsub = pubsub
        trust = asyncio.get_running_loop().call_later(_DISTRUST, self._trust, pubsub)
        try:
            # those too who came while the connection was made
            await pubsub.subscribe(*self._watchers)
            await self._pass_on(pubsub)
        except (RedisError, OSError):
            logger.warning("redis is away: streams ask the database until it is back")
            raise
        finally:
            trust.cancel()
            if self._pubsub is pubsub:  # else another has begun, after nobody watched for a moment
                self._pubsub, self.healthy = None, False
                self._wake_all()

    async def _pass_on(self, pubsub: redis.asyncio.client.PubSub) -> None:
        """Wake whoever is told something. Raises RedisError for one that is there and answers nothing."""
        asked = False
        while True:
            message = await pubsub.get_message(timeout=_SILENCE)
            if message is None and asked:
                raise redis.exceptions.TimeoutError
            asked = message is None
            if message is None:
                await pubsub.ping()
            elif message["type"] in ("subscribe", "message"):
                self._wake(message["channel"].decode())

    def _trust(self, pubsub: redis.asyncio.client.PubSub) -> None:
        """Rely on being told from now on; what nobody told until now is looked for once more."""
        if self._pubsub is not pubsub:
            return
        self.healthy = True
        self._wake_all()

    def _wake_all(self) -> None:
        for channel in self._watchers:
            self._wake(channel)

    def _wake(self, channel: str) -> None:
        for event in self._watchers.get(channel, ()):
            event.set()


_hubs: "weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Hub]" = weakref.WeakKeyDictionary()


def hub() -> Hub:
    """Return the hub of the running event loop."""
    return _hubs.setdefault(asyncio.get_running_loop(), Hub())
