"""How often each domain was chosen lately, in Redis. Where Redis is away nothing is known, and nothing waits for it."""

import time
from collections.abc import Callable, Mapping

from redis import Redis
from redis.client import Pipeline
from redis.exceptions import RedisError

from mailboxes import redis_clients

# Counted by half hours: the one that goes on and the one before it are "lately".
SLOT_SECONDS = 1800
LIFETIME = 2 * SLOT_SECONDS
_PREFIX = "tempmail:domains:"
_TIMEOUT = 0.25  # seconds
_LEFT_ALONE = 5.0  # seconds after a failure

_failed_at = -_LEFT_ALONE


def recent() -> Mapping[int, int]:
    """Return how many addresses each domain (by primary key) was given lately; {} where that is not known."""
    slots = _ask(_read) or []
    counts: dict[int, int] = {}
    for slot in slots:
        for key, count in slot.items():
            counts[int(key)] = counts.get(int(key), 0) + int(count)
    return counts


def note(domain: int) -> None:
    """Count an address given out on this domain."""
    _ask(lambda pipe: _count(pipe, domain))


def _read(pipe: Pipeline) -> None:
    for key in _keys():
        pipe.hgetall(key)


def _count(pipe: Pipeline, domain: int) -> None:
    key = _keys()[0]
    pipe.hincrby(key, str(domain), 1)
    pipe.expire(key, LIFETIME)


def _keys() -> tuple[str, str]:
    slot = int(time.time() // SLOT_SECONDS)
    return f"{_PREFIX}{slot}", f"{_PREFIX}{slot - 1}"


def _ask(command: Callable[[Pipeline], None]) -> list[dict[bytes, bytes]] | None:
    """Return what Redis answers, in one round trip; None while it is away, and for seconds after that."""
    global _failed_at  # one for the process; that two threads set it at once does no harm
    if time.monotonic() < _failed_at + _LEFT_ALONE:
        return None
    try:
        with _client().pipeline(transaction=False) as pipe:
            command(pipe)
            return pipe.execute()
    except (RedisError, OSError):
        _failed_at = time.monotonic()
        return None


def _client() -> Redis:
    return redis_clients.client(_TIMEOUT)
