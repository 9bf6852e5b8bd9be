"""reCAPTCHA v3 by django-recaptcha, failing closed: without a clear yes from Google there is no address.

The visitor's network address is not sent to Google, and neither token nor verdict is logged.
"""

import http.client
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django_recaptcha import client

from mailboxes.rules.errors import CaptchaFailed, Unavailable

ACTION = "create"
_LONGEST = 8192  # characters of a token


def site_key() -> str:
    """Return the public key that the browser shows Google."""
    return str(settings.RECAPTCHA_SITE_KEY)


def verify(token: str) -> None:
    """Let a token pass that Google vouches for (Google does so once); raise CaptchaFailed, Unavailable."""
    if len(token) > _LONGEST:
        raise CaptchaFailed
    if not settings.RECAPTCHA_SECRET_KEY:
        raise Unavailable
    verdict = _ask(token)
    if not (verdict.is_valid is True and verdict.action == ACTION and _is_ours(verdict)):
        raise CaptchaFailed
    if not _score(verdict) >= settings.RECAPTCHA_MINIMUM_SCORE:
        raise CaptchaFailed


def _ask(token: str) -> Any:
    try:
        return client.submit(token, settings.RECAPTCHA_SECRET_KEY, "")
    except (OSError, http.client.HTTPException):  # away, too slow, an HTTP error
        raise Unavailable from None
    except (ValueError, KeyError, TypeError, AttributeError):  # HTML, {}, a list, null
        raise Unavailable from None


def _is_ours(verdict: Any) -> bool:
    return bool(verdict.extra_data.get("hostname") == urlsplit(settings.SITE_URL).hostname)


def _score(verdict: Any) -> float:
    score = verdict.extra_data.get("score")
    return float(score) if isinstance(score, (int, float)) else -1.0
