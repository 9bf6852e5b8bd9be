"""The question that Postfix asks at RCPT: is there such a mailbox, and may it get more?"""

import enum

from django.conf import settings

from mailboxes.models.mailboxes import Mailbox
from mailboxes.rules import addresses
from mailboxes.rules.errors import InvalidAddress
from mailboxes.services import domains, keys, operator_mail


class RecipientStatus(enum.Enum):
    """What RCPT is to be told. Ended and never-issued addresses are both UNKNOWN."""

    ACCEPTED = "accepted"
    UNKNOWN = "unknown"
    FULL = "full"
    FOREIGN = "foreign"


def recipient_status(address: str) -> RecipientStatus:
    """Judge a recipient by one indexed query, or two; raise django.db.Error when the database is away."""
    try:
        parsed = addresses.parse(address)
    except InvalidAddress:
        return _status_of_domain_in(address)
    mailbox = (
        Mailbox.objects.live()
        .filter(address_digest=keys.address_digest(parsed), domain__accepts_mail=True)
        .only("message_count", "stored_bytes")
        .first()
    )
    if mailbox is None:
        return _status_without_mailbox(parsed)
    return RecipientStatus.FULL if is_full(mailbox) else RecipientStatus.ACCEPTED


def is_full(mailbox: Mailbox) -> bool:
    """Tell whether a mailbox has reached its cap of messages or bytes."""
    return (
        mailbox.message_count >= settings.MAILBOX_MAX_MESSAGES
        or mailbox.stored_bytes >= settings.MAILBOX_MAX_BYTES
    )


def _status_without_mailbox(address: addresses.Address) -> RecipientStatus:
    if domains.find(address) is None:
        return RecipientStatus.FOREIGN
    if address.local_part in addresses.OPERATOR_LOCAL_PARTS:
        return RecipientStatus.FULL if operator_mail.is_full() else RecipientStatus.ACCEPTED
    return RecipientStatus.UNKNOWN


def _status_of_domain_in(address: str) -> RecipientStatus:
    """A local-part that we never issue: unknown on our domains, foreign elsewhere."""
    try:
        stand_in = addresses.Address("x", addresses.normalize_domain(address.rpartition("@")[2]))
    except InvalidAddress:
        return RecipientStatus.FOREIGN
    return _status_without_mailbox(stand_in)
