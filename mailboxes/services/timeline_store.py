"""Where the timeline of deliveries is: in Redis, a list for an address and ten minutes, an hour at the longest.

A key is no address digest of the database but one more digest of that: neither a copy of Redis nor one of the database
tells which list belongs to which mailbox.
"""

import hashlib
import logging
import time
from collections.abc import Iterable, Sequence

from redis import Redis
from redis.exceptions import RedisError

from mailboxes import redis_clients
from mailboxes.services import keys

logger = logging.getLogger(__name__)

SECONDS = 3600  # that an entry is kept at the longest; it is fifty minutes at least
SLICE_SECONDS = 600
PER_SLICE = 40  # entries of one address; the oldest go first
_PREFIX = "tempmail:timeline:"
_TIMEOUT = 0.5
_ONE_SCRIPT = 200  # entries; Redis does nothing else meanwhile
_ROOM_SECONDS = 10.0  # between looks at how full Redis is
_PAUSE = 5.0  # seconds without a try to remove anything after a failure: a purge is not slowed down by it

# One round trip and one command for many lists: packing three commands an entry cost fifteen times as much here.
_APPEND = """
for i = 1, #KEYS do
  redis.call('RPUSH', KEYS[i], ARGV[2 * i])
  redis.call('LTRIM', KEYS[i], -ARGV[1], -1)
  redis.call('EXPIREAT', KEYS[i], ARGV[2 * i + 1])
end
"""

_silent_until = 0.0  # monotonic seconds

Line = tuple[bytes, float, bytes]  # address digest, when (seconds since the epoch), what


def append(lines: Sequence[Line]) -> None:
    """Add to the lists; nothing while Redis is more than half full. Raises RedisError, OSError."""
    if not _room.is_there():
        return
    for start in range(0, len(lines), _ONE_SCRIPT):
        names: list[str] = []
        values: list[bytes | int] = [PER_SLICE]
        for digest, at, line in lines[start : start + _ONE_SCRIPT]:
            first = int(at) // SLICE_SECONDS * SLICE_SECONDS
            names.append(f"{_PREFIX}{first}:{_mixed(digest)}")
            values += [line, first + SECONDS]
        _client().eval(_APPEND, len(names), *names, *values)


def read(digest: bytes) -> list[bytes]:
    """Return what there is for an address, in the order of its coming. Raises RedisError, OSError."""
    with _client().pipeline(transaction=False) as pipe:
        for name in _keys(digest):
            pipe.lrange(name, 0, -1)
        return [line for lines in pipe.execute() for line in lines]


def forget(digests: Iterable[bytes]) -> None:
    """Remove what there is for these addresses. Never raises: what stays goes by itself."""
    global _silent_until
    names = [name for digest in digests for name in _keys(digest)]
    if not names or time.monotonic() < _silent_until:
        return
    try:
        _client().unlink(*names)
    except (RedisError, OSError) as error:
        _silent_until = time.monotonic() + _PAUSE
        logger.warning("a timeline could not be removed", extra={"error": type(error).__name__})


def _keys(digest: bytes) -> list[str]:
    """The oldest first; one slice more than there can be, for a host whose clock is a little ahead."""
    now, mixed = int(time.time()) // SLICE_SECONDS * SLICE_SECONDS, _mixed(digest)
    return [
        f"{_PREFIX}{first}:{mixed}"
        for first in range(now - SECONDS + SLICE_SECONDS, now + 2 * SLICE_SECONDS, SLICE_SECONDS)
    ]


def _mixed(digest: bytes) -> str:
    key, person = keys.address_digest_key(), b"tempmail-time"
    return hashlib.blake2b(digest, digest_size=16, key=key, person=person).hexdigest()


def _client() -> Redis:
    return redis_clients.client(_TIMEOUT)


class _Room:
    """Whether there is room for what matters least: by `volatile-ttl` a flood would else push out limits and marks."""

    def __init__(self) -> None:
        self._looked_at = -_ROOM_SECONDS
        self._is_there = True

    def is_there(self) -> bool:
        """Ask Redis every few seconds. Raises RedisError, OSError."""
        now = time.monotonic()
        if now - self._looked_at >= _ROOM_SECONDS:
            memory = _client().info("memory")
            limit = int(memory.get("maxmemory", 0))
            self._is_there = limit == 0 or int(memory["used_memory"]) * 2 < limit
            self._looked_at = now
        return self._is_there


_room = _Room()
