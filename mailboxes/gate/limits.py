"""How often a client may do what costs something: django-ratelimit over Redis, failing closed for creation only."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django_ratelimit.core import get_usage
from redis.exceptions import RedisError

from mailboxes.gate.client_key import client_key, keyed
from mailboxes.models.access import ApiKey
from mailboxes.rules.errors import RateLimited, Unavailable

_INBOX_CHECKS = "600/m"
# Who guesses is slowed down to the first, and cut off for the rest of the hour by the second.
_WRONG_TOKENS = "30/m"
_WRONG_TOKENS_LONG = "600/h"
_CHALLENGES = "120/m"
_CAPTCHA_ATTEMPTS = "120/m"

Key = Callable[[str, HttpRequest], str]


def check_web_creation(request: HttpRequest, visitor: str, *, by_question: bool = False) -> None:
    """Count a creation by this client and browser; raise RateLimited, or Unavailable when Redis is away.

    Those by a question, which a program can answer, may be a tenth.
    """
    per_client, per_session = settings.CREATIONS_PER_CLIENT, settings.CREATIONS_PER_SESSION
    _count(request, "web-creation", client_key, per_client)
    _count(request, "web-creation-session", _of_visitor(visitor), per_session)
    if by_question:
        _count(request, "question-creation", client_key, _tenth(per_client))
        _count(request, "question-creation-session", _of_visitor(visitor), _tenth(per_session))


def check_api_creation(request: HttpRequest, api_key: ApiKey) -> None:
    """Count a creation with this API key; raise RateLimited, or Unavailable when Redis is away."""
    rate = f"{api_key.creations_per_minute}/m"
    _count(request, "api-creation", lambda group, request: str(api_key.pk), rate)


def check_challenge(request: HttpRequest) -> None:
    """Count a challenge asked for; raise RateLimited or Unavailable."""
    _count(request, "challenge", client_key, _CHALLENGES)


def check_captcha_attempt(request: HttpRequest) -> None:
    """Count a solution to be verified; raise RateLimited or Unavailable."""
    _count(request, "captcha", client_key, _CAPTCHA_ATTEMPTS)


def check_report(request: HttpRequest) -> None:
    """Count a report of abuse; raise RateLimited or Unavailable."""
    _count(request, "report", client_key, settings.REPORTS_PER_CLIENT)


def check_inbox(request: HttpRequest) -> None:
    """Count a look into an inbox; raise RateLimited, also after too many wrong tokens.

    Reading goes on when Redis is away; where it hangs, one time-out is waited for and not two.
    """
    try:
        _count(request, "inbox", client_key, _INBOX_CHECKS)
        _check_wrong_tokens(request)
    except Unavailable:
        return


def check_wrong_tokens(request: HttpRequest) -> None:
    """Raise RateLimited when this client has tried too many wrong tokens. To be asked before any token is looked at."""
    try:
        _check_wrong_tokens(request)
    except Unavailable:
        return


def _check_wrong_tokens(request: HttpRequest) -> None:
    for group, rate in _wrong_token_limits():
        usage = _usage(request, group, client_key, rate, increment=False)
        if usage and usage["count"] >= usage["limit"]:
            raise RateLimited(max(1, int(usage["time_left"])))


def note_wrong_token(request: HttpRequest) -> None:
    """Count a token that opened nothing."""
    try:
        for group, rate in _wrong_token_limits():
            _usage(request, group, client_key, rate, increment=True)
    except Unavailable:
        return


def _wrong_token_limits() -> tuple[tuple[str, str], ...]:
    return ("wrong-token-long", _WRONG_TOKENS_LONG), ("wrong-token", _WRONG_TOKENS)


def _count(request: HttpRequest, group: str, key: Key, rate: str) -> None:
    usage = _usage(request, group, key, rate, increment=True)
    if usage and usage["should_limit"]:
        raise RateLimited(max(1, int(usage["time_left"])))


def _usage(
    request: HttpRequest, group: str, key: Key, rate: str, *, increment: bool
) -> dict[str, Any] | None:
    try:
        usage: dict[str, Any] | None = get_usage(
            request, group=group, key=key, rate=rate, increment=increment
        )
    except (RedisError, OSError):
        raise Unavailable from None
    # a limit of 0 is how django-ratelimit says that a counter vanished while it counted
    if usage and not usage["limit"]:
        raise Unavailable
    return usage


def _of_visitor(visitor: str) -> Key:
    return lambda group, request: keyed(visitor)


def _tenth(rate: str) -> str:
    count, slash, period = rate.partition("/")
    return f"{max(1, int(count) // 10)}{slash}{period}"
