"""What the pages for everybody say that depends on how this instance is run: who, how long, how many, which captcha."""

from dataclasses import dataclass
from datetime import date

from django.conf import settings
from django.db import Error

from mailboxes.gate import captcha
from mailboxes.services import abuse, creation, domains

_DAY = 86_400


@dataclass(frozen=True, slots=True)
class Operator:
    """Who runs this instance. All may be empty; `contact_url` is where `contact` leads."""

    name: str
    address: str
    contact: str
    contact_url: str


@dataclass(frozen=True, slots=True)
class Facts:
    """Lifetimes in seconds, sizes in bytes, retentions in days."""

    operator: Operator
    privacy_changed: date
    terms_changed: date
    default_lifetime: int
    max_lifetime: int
    shortest_lifetime: int
    unused_lifetime: int
    max_messages: int
    max_message_bytes: int
    queue_days: int
    report_days: int
    custom_names: bool
    uses_google: bool


def facts() -> Facts:
    """Return the facts of this instance. Costs a query where the operator named no contact."""
    return Facts(
        operator=operator(),
        privacy_changed=settings.PRIVACY_CHANGED,
        terms_changed=settings.TERMS_CHANGED,
        default_lifetime=creation.default_lifetime(),
        max_lifetime=settings.MAX_LIFETIME,
        shortest_lifetime=creation.lifetimes_offered()[0],
        unused_lifetime=settings.INACTIVITY_LIFETIME,
        max_messages=settings.MAILBOX_MAX_MESSAGES,
        max_message_bytes=settings.MESSAGE_SIZE_LIMIT,
        queue_days=_days(settings.QUEUE_LIFETIME),
        report_days=abuse.REPORT_DAYS,
        custom_names=creation.custom_names_allowed(),
        uses_google=captcha.kind() == captcha.RECAPTCHA,
    )


def operator() -> Operator:
    """Return who runs this instance; without a contact of their own it is abuse@ the first domain."""
    contact = settings.OPERATOR_CONTACT or _default_contact()
    is_url = contact.startswith(("https://", "http://"))
    url = contact if is_url or not contact else f"mailto:{contact}"
    return Operator(settings.OPERATOR_NAME, settings.OPERATOR_ADDRESS, contact, url)


def _default_contact() -> str:
    try:
        name = domains.first_name()
    except Error:  # the pages are worth showing without it
        return ""
    return f"abuse@{name}" if name else ""


def _days(seconds: int) -> int:
    return -(-seconds // _DAY)
