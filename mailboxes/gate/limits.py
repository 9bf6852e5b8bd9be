"""How often a client may do what costs something: django-ratelimit over Redis, failing closed for creation only."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django_ratelimit.core import get_usage
from redis.exceptions import RedisError

from mailboxes.gate.client_key import client_key
from mailboxes.models.access import ApiKey
from mailboxes.rules.errors import RateLimited, Unavailable

_INBOX_CHECKS = "600/m"


def check_web_creation(request: HttpRequest) -> None:
    """Count a creation by this client; raise RateLimited, or Unavailable when Redis is away."""
    _count(request, "web-creation", client_key, settings.CREATIONS_PER_CLIENT)


def check_api_creation(request: HttpRequest, api_key: ApiKey) -> None:
    """Count a creation with this API key; raise RateLimited, or Unavailable when Redis is away."""
    rate = f"{api_key.creations_per_minute}/m"
    _count(request, "api-creation", lambda group, request: str(api_key.pk), rate)


def check_inbox(request: HttpRequest) -> None:
    """Count a look into an inbox; raise RateLimited. Reading goes on when Redis is away."""
    try:
        _count(request, "inbox", client_key, _INBOX_CHECKS)
    except Unavailable:
        return


def _count(
    request: HttpRequest, group: str, key: Callable[[str, HttpRequest], str], rate: str
) -> None:
    try:
        usage: dict[str, Any] | None = get_usage(
            request, group=group, key=key, rate=rate, increment=True
        )
    except (RedisError, OSError):
        raise Unavailable from None
    if usage and usage["should_limit"]:
        raise RateLimited(max(1, int(usage["time_left"])))
