"""How many requests of webhooks one host gets in a minute, counted over all processes in Redis."""

from django.conf import settings
from redis import Redis
from redis.exceptions import RedisError

from mailboxes import redis_clients
from mailboxes.services import webhook_targets

SECONDS = 60
_PREFIX = "tempmail:webhooks:"
_TIMEOUT = 2.0


def is_within_rate(*hosts: str) -> bool:
    """Count one request to a host, by name and by address; tell whether it may be sent.

    While Redis is away nothing is: without its count a webhook could be a weapon, and it can wait.
    """
    try:
        return max(map(_counted, hosts)) <= int(settings.WEBHOOK_HOST_RATE)
    except (RedisError, OSError):
        return False


def _counted(host: str) -> int:
    key = _PREFIX + webhook_targets.digest(host).hex()
    with _client().pipeline() as pipe:
        pipe.incr(key)
        pipe.expire(key, SECONDS, nx=True)
        count, _ = pipe.execute()
    return int(count)


def _client() -> Redis:
    return redis_clients.client(_TIMEOUT)
