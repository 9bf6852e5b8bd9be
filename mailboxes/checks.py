"""What `manage.py check` refuses: what would not work, and in production a gate that would not hold."""

import re
from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core import checks
from django.db import Error
from django_recaptcha.constants import TEST_PRIVATE_KEY, TEST_PUBLIC_KEY

from mailboxes.gate import captcha
from mailboxes.rules import lifetimes, networks
from mailboxes.rules.errors import InvalidNetwork
from mailboxes.services import domain_checks, domain_dns, key_guard, receipts

UNKNOWN, KEY_MISSING, TEST_KEYS, OFF, RATE, NO_AUTHSERV_ID, INACTIVITY, KEY_CHANGED, RECEIPT = (
    f"mailboxes.E00{number}" for number in range(1, 10)
)
CLIENTS = "mailboxes.E010"
WEBHOOKS = "mailboxes.E011"
DOMAIN_DOCTOR = "mailboxes.E012"
ONE_FACTOR = "mailboxes.W013"
_RATE = re.compile(r"[1-9]\d*/(\d*)([smhd])", re.ASCII)
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


@checks.register()
def captcha_is_known(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[checks.Error]:
    """Refuse a value of CAPTCHA that means nothing."""
    if settings.CAPTCHA in captcha.KINDS:
        return []
    return [checks.Error(f"CAPTCHA is none of {', '.join(captcha.KINDS)}.", id=UNKNOWN)]


_RATES = (
    "CREATIONS_PER_CLIENT",
    "CREATIONS_PER_SESSION",
    "CAPTCHAS_PER_CLIENT",
    "API_CALLS_PER_MAILBOX",
    "REPORTS_PER_CLIENT",
    "SIGN_INS_PER_CLIENT",
)


@checks.register()
def rates_are_rates(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[checks.Error]:
    """Refuse a limit that cannot be counted, or whose counters would outlive the key of the day."""
    return [
        checks.Error(f"{name} is not a rate such as 30/h, of a day at most.", id=RATE)
        for name in _RATES
        if not _is_rate(getattr(settings, name))
    ]


def _is_rate(value: str) -> bool:
    found = _RATE.fullmatch(value)
    return found is not None and 0 < int(found[1] or 1) * _SECONDS[found[2]] <= _SECONDS["d"]


@checks.register()
def unlimited_clients_are_networks(
    app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[checks.Error]:
    """Refuse what the worker could not start with."""
    try:
        networks.table(settings.UNLIMITED_CLIENTS)
    except InvalidNetwork:
        words = "UNLIMITED_CLIENTS are networks separated by commas, IPv4 from /8, IPv6 from /16."
        return [checks.Error(words, id=CLIENTS)]
    return []


@checks.register()
def webhook_networks_are_networks(
    app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[checks.Error]:
    """Refuse what no webhook could be sent with."""
    try:
        networks.table(settings.WEBHOOK_ALLOWED_NETWORKS)
    except InvalidNetwork:
        words = "WEBHOOK_ALLOWED_NETWORKS are networks separated by commas, IPv4 from /8, IPv6 from /16."
        return [checks.Error(words, id=WEBHOOKS)]
    return []


@checks.register()
def the_doctor_can_ask(
    app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[checks.Error]:
    """Refuse what the domain doctor could not start with."""
    try:
        domain_dns.check_resolvers()
        domain_checks.public_addresses()
    except ValueError:
        words = "DNS_RESOLVERS are addresses, with a port where it is not 53; PUBLIC_ADDRESSES are addresses."
        return [checks.Error(words, id=DOMAIN_DOCTOR)]
    return []


@checks.register()
def results_have_a_name(
    app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[checks.Error]:
    """Refuse milters whose results could not be told from forged ones (RFC 8601 5)."""
    if not settings.SMTPD_MILTERS or settings.AUTHSERV_ID:
        return []
    words = "SMTPD_MILTERS needs AUTHSERV_ID or SMTP_HOSTNAME, or their results are not shown."
    return [checks.Error(words, id=NO_AUTHSERV_ID)]


@checks.register()
def inactivity_is_no_trap(
    app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[checks.Error]:
    """Refuse a time so short that a mailbox ends under the eyes of its owner."""
    if settings.INACTIVITY_LIFETIME == 0 or settings.INACTIVITY_LIFETIME >= lifetimes.MINIMUM:
        return []
    words = f"INACTIVITY_LIFETIME is neither 0 (off) nor {lifetimes.MINIMUM} seconds or more."
    return [checks.Error(words, id=INACTIVITY)]


@checks.register(checks.Tags.database)
def address_digest_key_is_the_old_one(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[checks.Error]:
    """Refuse another ADDRESS_DIGEST_KEY than the database knows. `migrate` asks this too."""
    try:
        changed = "default" in (databases or ()) and key_guard.is_changed()
    except Error:  # it is away, or has no tables yet: others say so
        return []
    return [checks.Error(key_guard.WORDS, id=KEY_CHANGED)] if changed else []


@checks.register()
def receipts_can_be_signed(
    app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[checks.Error]:
    """Refuse a receipt key that is none: it would show when something had just been deleted."""
    try:
        receipts.public_keys()
    except ValueError:
        words = "RECEIPT_KEY or one of its fallbacks is not 32 bytes in base64url."
        return [checks.Error(words, id=RECEIPT)]
    return []


@checks.register(deploy=True)
def operators_have_two_factors(
    app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[checks.Warning]:
    """Warn of an admin that a password alone opens."""
    if settings.ADMIN_REQUIRES_TOTP:
        return []
    words = "ADMIN_REQUIRES_TOTP=off: whoever has an operator's password is in the admin."
    return [checks.Warning(words, id=ONE_FACTOR)]


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
