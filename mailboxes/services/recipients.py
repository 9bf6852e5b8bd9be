"""The question that Postfix asks at RCPT: is there such a mailbox, and may it get more?"""

import enum
from collections.abc import Sequence
from typing import NamedTuple

from django.conf import settings
from django.db.models import QuerySet

from mailboxes.models.mailboxes import Mailbox
from mailboxes.rules import addresses
from mailboxes.rules.errors import InvalidAddress
from mailboxes.services import domains, key_guard, keys, operator_mail, prepared


class RecipientStatus(enum.Enum):
    """What RCPT is to be told. Ended, frozen and never-issued addresses are all UNKNOWN."""

    ACCEPTED = "accepted"
    UNKNOWN = "unknown"
    FULL = "full"
    FOREIGN = "foreign"


class Pending(NamedTuple):
    """What has been let in for a recipient and is not stored yet."""

    messages: int = 0
    bytes: int = 0


NOTHING_PENDING = Pending()
_OPERATORS = b"\xff" * addresses.DIGEST_SIZE


def counting_key(address: str) -> bytes | None:
    """Return what a recipient's pending mail is counted under; None for what is never let in.

    It is the address digest; all addresses of the operators share one, as they share one cap.
    """
    try:
        parsed = addresses.parse(address)
    except InvalidAddress:
        return None
    if parsed.local_part in addresses.OPERATOR_LOCAL_PARTS:
        return _OPERATORS
    return keys.address_digest(parsed)


def recipient_status(address: str, pending: Pending = NOTHING_PENDING) -> RecipientStatus:
    """Judge a recipient by one indexed query, or two; raise django.db.Error when the database is away.

    `pending` counts towards the caps like what is stored.
    """
    key_guard.ensure()
    try:
        parsed = addresses.parse(address)
    except InvalidAddress:
        return _status_of_domain_in(address)
    found = _caps([keys.address_digest(parsed)])
    if not found:
        return _status_without_mailbox(parsed, pending)
    ((message_count, stored_bytes),) = found
    full = _is_full(message_count, stored_bytes, pending)
    return RecipientStatus.FULL if full else RecipientStatus.ACCEPTED


@prepared.Lookup
def _caps(digests: Sequence[bytes]) -> "QuerySet[Mailbox, tuple[int, int]]":
    living = Mailbox.objects.live().filter(address_digest__in=digests, frozen_at=None)
    counts = living.filter(domain__accepts_mail=True)
    return counts.values_list("message_count", "stored_bytes")


def is_full(mailbox: Mailbox) -> bool:
    """Tell whether a mailbox has reached its cap of messages or bytes."""
    return _is_full(mailbox.message_count, mailbox.stored_bytes, NOTHING_PENDING)


def _is_full(messages: int, stored: int, pending: Pending) -> bool:
    return (
        messages + pending.messages >= settings.MAILBOX_MAX_MESSAGES
        or stored + pending.bytes >= settings.MAILBOX_MAX_BYTES
    )


def _status_without_mailbox(
    address: addresses.Address, pending: Pending = NOTHING_PENDING
) -> RecipientStatus:
    if domains.find(address) is None:
        return RecipientStatus.FOREIGN
    if address.local_part in addresses.OPERATOR_LOCAL_PARTS:
        full = operator_mail.is_full(pending.messages)
        return RecipientStatus.FULL if full else RecipientStatus.ACCEPTED
    return RecipientStatus.UNKNOWN


def _status_of_domain_in(address: str) -> RecipientStatus:
    """A local-part that we never issue: unknown on our domains, foreign elsewhere."""
    try:
        stand_in = addresses.Address("x", addresses.normalize_domain(address.rpartition("@")[2]))
    except InvalidAddress:
        return RecipientStatus.FOREIGN
    return _status_without_mailbox(stand_in)
