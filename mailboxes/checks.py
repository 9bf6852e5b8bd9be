"""What `manage.py check` refuses: what would not work, and in production a gate that would not hold."""

import re
from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core import checks
from django_recaptcha.constants import TEST_PRIVATE_KEY, TEST_PUBLIC_KEY

from mailboxes.gate import captcha

UNKNOWN, KEY_MISSING, TEST_KEYS, OFF, RATE, NO_AUTHSERV_ID = (
    f"mailboxes.E00{number}" for number in range(1, 7)
)
_RATE = re.compile(r"[1-9]\d*/(\d*)([smhd])", re.ASCII)
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


@checks.register()
def captcha_is_known(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[checks.Error]:
    """Refuse a value of CAPTCHA that means nothing."""
    if settings.CAPTCHA in captcha.KINDS:
        return []
    return [checks.Error(f"CAPTCHA is none of {', '.join(captcha.KINDS)}.", id=UNKNOWN)]


@checks.register()
def rates_are_rates(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[checks.Error]:
    """Refuse a limit that cannot be counted, or whose counters would outlive the key of the day."""
    return [
        checks.Error(f"{name} is not a rate such as 30/h, of a day at most.", id=RATE)
        for name in ("CREATIONS_PER_CLIENT", "CREATIONS_PER_SESSION")
        if not _is_rate(getattr(settings, name))
    ]


def _is_rate(value: str) -> bool:
    found = _RATE.fullmatch(value)
    return found is not None and 0 < int(found[1] or 1) * _SECONDS[found[2]] <= _SECONDS["d"]


@checks.register()
def results_have_a_name(
    app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[checks.Error]:
    """Refuse milters whose results could not be told from forged ones (RFC 8601 5)."""
    if not settings.SMTPD_MILTERS or settings.AUTHSERV_ID:
        return []
    words = "SMTPD_MILTERS needs AUTHSERV_ID or SMTP_HOSTNAME, or their results are not shown."
    return [checks.Error(words, id=NO_AUTHSERV_ID)]


@checks.register(deploy=True)
def captcha_holds(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[checks.Error]:
    """Refuse production without a gate, or with one of reCAPTCHA that lets everybody or nobody through."""
    if settings.CAPTCHA == captcha.OFF:
        return [checks.Error("CAPTCHA=off lets programs take addresses without end.", id=OFF)]
    if settings.CAPTCHA != captcha.RECAPTCHA:
        return []
    keys = (settings.RECAPTCHA_SITE_KEY, settings.RECAPTCHA_SECRET_KEY)
    if not all(keys):
        words = "CAPTCHA=recaptcha needs RECAPTCHA_SITE_KEY and RECAPTCHA_SECRET_KEY."
        return [checks.Error(words, id=KEY_MISSING)]
    if {TEST_PUBLIC_KEY, TEST_PRIVATE_KEY} & set(keys):
        return [checks.Error("Google's public test keys let everybody through.", id=TEST_KEYS)]
    return []
