"""How often a client may do what costs something: django-ratelimit over Redis, failing closed for creation only."""

import contextlib
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django_ratelimit.core import get_usage
from redis.exceptions import RedisError

from mailboxes.gate.client_key import client_key, keyed
from mailboxes.models.access import ApiKey
from mailboxes.rules.errors import AddressTaken, RateLimited, Unavailable
from mailboxes.services import metrics

_INBOX_CHECKS = "600/m"
# Who guesses is slowed down to the first, and cut off for the rest of the hour by the second.
_WRONG_TOKENS = "30/m"
_WRONG_TOKENS_LONG = "600/h"
_LOOKS_AT_DOMAINS = "120/m"
_CHANGES = "60/m"
_WEBHOOKS = "60/m"
_REPEATS = "600/m"
# Of one account, from wherever; high, as whoever knows a name could keep its operator out.
_SIGN_INS_OF_ACCOUNT = "100/h"
# Whoever is told that a name is taken learns that somebody had it.
_TAKEN = "30/h"
# How long a count is kept at the longest: a day, and what django-ratelimit adds to every window.
LONGEST = 86_400 + 5

Key = Callable[[str, HttpRequest], str]


@dataclass(frozen=True, slots=True)
class Usage:
    """What is left of a limit: `limit` requests in `window` seconds; all of them again in `reset` seconds."""

    name: str
    limit: int
    window: int
    left: int
    reset: int


def check_web_creation(request: HttpRequest, visitor: str, *, by_question: bool = False) -> None:
    """Count a creation by this client and browser; raise RateLimited, or Unavailable when Redis is away.

    Those by a question, which a program can answer, may be a tenth.
    """
    per_client, per_session = settings.CREATIONS_PER_CLIENT, settings.CREATIONS_PER_SESSION
    _count(request, "creation", client_key, per_client)
    _count(request, "creation-session", _of(visitor), per_session)
    if by_question:
        _count(request, "question-creation", client_key, _tenth(per_client))
        _count(request, "question-creation-session", _of(visitor), _tenth(per_session))


def check_captcha_creation(request: HttpRequest) -> Usage:
    """Count a creation through the API without a key, with those on the site; raise RateLimited or Unavailable."""
    return _count(request, "creation", client_key, settings.CREATIONS_PER_CLIENT)


def check_api_creation(request: HttpRequest, api_key: ApiKey) -> list[Usage]:
    """Count a creation with this API key; raise RateLimited, or Unavailable when Redis is away."""
    of_key = _of_api_key(api_key)
    return [
        _count(request, "key-minute", of_key, f"{api_key.creations_per_minute}/m"),
        _count(request, "key-day", of_key, f"{api_key.creations_per_day}/d"),
    ]


def check_repeat(request: HttpRequest, api_key: ApiKey) -> None:
    """Count a repeat of a creation with this API key, which creates nothing; raise RateLimited or Unavailable."""
    _count(request, "key-repeats", _of_api_key(api_key), _REPEATS)


@contextlib.contextmanager
def choosing_name(
    request: HttpRequest, api_key: ApiKey | None = None, *, chosen: bool = True
) -> Iterator[None]:
    """Count how often this client, and this API key, is told within that a name is taken.

    Raises RateLimited, before anything is tried, for whoever has used up that; or Unavailable. Of names tried at the
    same time no more get through than creations do. A name that is not chosen tells nothing.
    """
    if not chosen:
        yield
        return
    limits: list[tuple[str, Key]] = [("taken", client_key)]
    if api_key is not None:
        limits.append(("key-taken", _of_api_key(api_key)))
    for group, key in limits:
        _check(request, group, key, _TAKEN)
    try:
        yield
    except AddressTaken:
        for group, key in limits:
            _count(request, group, key, _TAKEN)
        raise


def check_domains(request: HttpRequest) -> None:
    """Count a look at the domains; raise RateLimited. It goes on when Redis is away."""
    with contextlib.suppress(Unavailable):
        _count(request, "domains", client_key, _LOOKS_AT_DOMAINS)


def check_change(request: HttpRequest, mailbox: str) -> None:
    """Count a change of this mailbox (its public id); raise RateLimited. It goes on when Redis is away."""
    with contextlib.suppress(Unavailable):
        _count(request, "changes", _of(mailbox), _CHANGES)


def check_api_call(request: HttpRequest, mailbox: str) -> None:
    """Count a call with the token of this mailbox (its public id); raise RateLimited. It goes on when Redis is away."""
    with contextlib.suppress(Unavailable):
        _count(request, "api", _of(mailbox), settings.API_CALLS_PER_MAILBOX)


def check_webhook(request: HttpRequest) -> None:
    """Count a webhook that this client makes; raise RateLimited or Unavailable."""
    _count(request, "webhooks", client_key, _WEBHOOKS)


def check_challenge(request: HttpRequest) -> None:
    """Count a challenge asked for; raise RateLimited or Unavailable."""
    _count(request, "challenge", client_key, settings.CAPTCHAS_PER_CLIENT)


def check_captcha_attempt(request: HttpRequest) -> None:
    """Count a solution to be verified; raise RateLimited or Unavailable."""
    _count(request, "captcha", client_key, settings.CAPTCHAS_PER_CLIENT)


def check_report(request: HttpRequest) -> None:
    """Count a report of abuse; raise RateLimited or Unavailable."""
    _count(request, "report", client_key, settings.REPORTS_PER_CLIENT)


def check_sign_in(request: HttpRequest, account: str) -> None:
    """Count a try to sign in as an operator, or to give a code; raise RateLimited or Unavailable."""
    # As the form reads a name: what Unicode calls the same is the same account.
    name = unicodedata.normalize("NFKC", account).strip().casefold()[:150]
    _count(request, "sign-in", client_key, settings.SIGN_INS_PER_CLIENT)
    _count(request, "sign-in-account", _of(name), _SIGN_INS_OF_ACCOUNT)


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
        _check(request, group, client_key, rate)


def note_wrong_token(request: HttpRequest) -> None:
    """Count a token that opened nothing."""
    try:
        for group, rate in _wrong_token_limits():
            _usage(request, group, client_key, rate, increment=True)
    except Unavailable:
        return


def _wrong_token_limits() -> tuple[tuple[str, str], ...]:
    return ("wrong-token-long", _WRONG_TOKENS_LONG), ("wrong-token", _WRONG_TOKENS)


def _check(request: HttpRequest, group: str, key: Key, rate: str) -> None:
    """Raise RateLimited for whoever has used up a limit, without counting."""
    usage = _usage(request, group, key, rate, increment=False)
    if usage and usage["count"] >= usage["limit"]:
        raise _exceeded(group, rate, usage)


def _count(request: HttpRequest, group: str, key: Key, rate: str) -> Usage:
    usage = _usage(request, group, key, rate, increment=True)
    if usage is None:  # RATELIMIT_ENABLE is off
        return Usage(group, 0, 0, 0, 0)
    if usage["should_limit"]:
        raise _exceeded(group, rate, usage)
    limit = int(usage["limit"])
    left = limit - int(usage["count"])
    return Usage(group, limit, _window(rate), left, max(1, int(usage["time_left"])))


def _exceeded(group: str, rate: str, usage: dict[str, Any]) -> RateLimited:
    seconds = max(1, int(usage["time_left"]))
    metrics.LIMITED.add(limit=group)
    return RateLimited(seconds, name=group, limit=int(usage["limit"]), window=_window(rate))


def _window(rate: str) -> int:
    """Return the seconds of a rate as django-ratelimit writes it: 30/h, 5/10m."""
    found = re.fullmatch(r"\d+/(\d*)([smhd])?", rate)
    assert found  # noqa: S101 - django-ratelimit has read it before
    seconds = {"s": 1, "m": 60, "h": 3600, "d": 86_400}[found[2] or "s"]
    return int(found[1] or 1) * seconds


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


def _of(value: str) -> Key:
    return lambda group, request: keyed(value)


def _of_api_key(api_key: ApiKey) -> Key:
    return lambda group, request: str(api_key.pk)


def _tenth(rate: str) -> str:
    count, slash, period = rate.partition("/")
    return f"{max(1, int(count) // 10)}{slash}{period}"
