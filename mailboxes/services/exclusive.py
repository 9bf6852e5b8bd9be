"""One at a time: a lock over Redis that the tasks take, so that two runs of one never overlap."""

import contextlib
import logging
from collections.abc import Iterator

from redis import Redis
from redis.exceptions import RedisError
from redis.lock import Lock

from mailboxes import redis_clients

logger = logging.getLogger(__name__)

_PREFIX = "tempmail:running:"
_TIMEOUT = 2.0  # seconds


@contextlib.contextmanager
def hold(name: str, seconds: float, *, wait: float = 0.0) -> Iterator[bool]:
    """Yield whether this is the only holder of `name`; after `seconds` at the latest another one may be.

    A holder that was killed is waited for no longer than that. While Redis is away everybody holds it: what is done
    under this lock is idempotent, and matters more than being done once.
    """
    lock = _client().lock(_PREFIX + name, timeout=seconds)
    held = _acquire(lock, wait)
    try:
        yield held
    finally:
        if held:
            with contextlib.suppress(
                RedisError, OSError
            ):  # somebody else's by now, or Redis is away
                lock.release()


def _acquire(lock: Lock, wait: float) -> bool:
    try:
        return bool(lock.acquire(blocking=wait > 0, blocking_timeout=wait or None))
    except (RedisError, OSError):
        logger.warning("redis is away: a task runs without its lock")
        return True


def _client() -> Redis:
    return redis_clients.client(_TIMEOUT)
