"""How many waits and streams one token may have open at once, over all processes: places, taken and given back.

A place that is not given back, because its process died, is free when its time is over. While Redis is away each
process counts its own.
"""

import logging
import math
import secrets
import threading
import time

from redis import Redis
from redis.exceptions import RedisError

from mailboxes import redis_clients
from mailboxes.rules.errors import RateLimited
from mailboxes.services import metrics

logger = logging.getLogger(__name__)

WAITS, STREAMS = ("waits", 2), ("streams", 5)
LONGEST = 60  # seconds, of a wait
LONGEST_UNRENEWED = 600  # seconds, of a stream
_PREFIX = "tempmail:open:"
_TIMEOUT = 0.5  # seconds
_PAUSE = 5.0  # seconds without a try after a failure
# Takes or renews a place by Redis's clock; returns 0, or in how many milliseconds the first one is free.
_TAKE = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
if not redis.call('ZSCORE', KEYS[1], ARGV[1]) and redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[2]) then
  return math.max(1, redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')[2] - now)
end
redis.call('ZADD', KEYS[1], string.format('%d', now + ARGV[3]), ARGV[1])
local last = redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')[2]
redis.call('PEXPIRE', KEYS[1], string.format('%d', last - now))
return 0
"""
_lock = threading.Lock()
_here: dict[
    str, dict[str, float]
] = {}  # of this process: when each place is free, by the steady clock
_silent_until = 0.0


class Place:
    """One place of a mailbox, for so many seconds unless it is renewed. `kind` is WAITS or STREAMS."""

    def __init__(self, kind: tuple[str, int], public_id: str, seconds: float) -> None:
        self._name, self._limit = kind
        self._key = f"{_PREFIX}{self._name}:{public_id}"
        self._id = secrets.token_hex(8)
        self._seconds = seconds
        self._turn = threading.Lock()
        self._is_given_back = False

    def take(self) -> None:
        """Take it, or go on having it; raise RateLimited when all are taken. Nothing after it was given back.

        Given back from another thread while it is being taken, it is free too.
        """
        with self._turn:
            if self._is_given_back:
                return
            self._refuse(_take_here(self._key, self._id, self._limit, self._seconds))
            try:
                self._refuse(_take(self._key, self._id, self._limit, self._seconds))
            except RateLimited:
                _give_back_here(self._key, self._id)
                raise

    def give_back(self) -> None:
        """Let another one have it. Twice is once."""
        with self._turn:
            if not self._is_given_back:
                self._is_given_back = True
                _give_back_here(self._key, self._id)
                _give_back(self._key, self._id)

    def _refuse(self, seconds: float) -> None:
        if seconds > 0:
            metrics.LIMITED.add(limit=self._name)
            raise RateLimited(math.ceil(seconds), name=self._name, limit=self._limit)


def _take_here(key: str, place: str, limit: int, seconds: float) -> float:
    """Return 0, or in how many seconds one is free."""
    now = time.monotonic()
    with _lock:
        taken = {each: until for each, until in _here.get(key, {}).items() if until > now}
        if place not in taken and len(taken) >= limit:
            return min(taken.values()) - now
        _here[key] = {**taken, place: now + seconds}
        return 0


def _give_back_here(key: str, place: str) -> None:
    with _lock:
        taken = _here.get(key, {})
        taken.pop(place, None)
        if not taken:
            _here.pop(key, None)


def _take(key: str, place: str, limit: int, seconds: float) -> float:
    global _silent_until
    if time.monotonic() < _silent_until:
        return 0
    try:
        milliseconds = _client().eval(_TAKE, 1, key, place, limit, int(seconds * 1000))
    except (RedisError, OSError):
        _silent_until = time.monotonic() + _PAUSE
        logger.warning("redis is away: waits and streams are counted by each process")
        return 0
    return float(milliseconds) / 1000


def _give_back(key: str, place: str) -> None:
    global _silent_until
    if time.monotonic() < _silent_until:
        return
    try:
        _client().zrem(key, place)
    except (RedisError, OSError):
        _silent_until = time.monotonic() + _PAUSE


def _client() -> Redis:
    return redis_clients.client(_TIMEOUT)
