"""Values that count once, however many ask at the same time."""

import hashlib

from django.core.cache import cache
from redis.exceptions import RedisError

from mailboxes.rules.errors import CaptchaFailed, Unavailable


def spend(purpose: str, value: str, lifetime: int) -> None:
    """Note a value as used for `lifetime` seconds; raise CaptchaFailed if it was, Unavailable when Redis is away."""
    digest = hashlib.blake2b(value.encode(), digest_size=16, person=purpose.encode()).hexdigest()
    try:
        # `add` is atomic (SET NX): of concurrent callers one gets True
        first = cache.add(f"used:{digest}", 1, lifetime)
    except (RedisError, OSError):
        raise Unavailable from None
    if not first:
        raise CaptchaFailed
