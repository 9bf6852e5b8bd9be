"""When each task last ended, and how: noted in Redis, so that a dead beat or worker shows. It names tasks only."""

import json
import logging
from dataclasses import dataclass
from datetime import UTC, datetime

from redis import Redis
from redis.exceptions import RedisError

from mailboxes import redis_clients

logger = logging.getLogger(__name__)

SECONDS = 86_400  # how long a note is kept: longer than any task's interval
_PREFIX = "tempmail:ran:"
_TIMEOUT = 2.0  # seconds


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """The last end of one task, by this machine's clock. `result` is Celery's word for it: `success`, `failure`."""

    at: datetime
    result: str
    duration_ms: float


def note(task: str, result: str, duration_ms: float) -> None:
    """Note that a task ended now. One command to Redis; without Redis no task runs, and nothing is noted."""
    value = {"at": datetime.now(UTC).timestamp(), "result": result, "duration_ms": duration_ms}
    try:
        _client().set(_PREFIX + task, json.dumps(value), ex=SECONDS)
    except (RedisError, OSError):
        logger.warning("redis is away: the end of a task is not noted")


def last(task: str) -> Heartbeat | None:
    """Return the last end of a task; None where none is known of. Raises RedisError and OSError."""
    kept = _client().get(_PREFIX + task)
    if not isinstance(kept, bytes):
        return None
    value = json.loads(kept)
    at = datetime.fromtimestamp(value["at"], UTC)
    return Heartbeat(at, str(value["result"]), float(value["duration_ms"]))


def _client() -> Redis:
    return redis_clients.client(_TIMEOUT)
