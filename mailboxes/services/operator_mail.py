"""Mail for the operators: postmaster@ and abuse@ of each domain."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from mailboxes.models.abuse import ModerationRecord
from mailboxes.models.messages import OperatorMessage
from mailboxes.models.records import DedupeRecord
from mailboxes.rules import addresses, dedupe, html_text, parsing, sealing
from mailboxes.rules.errors import SealBroken
from mailboxes.rules.summary import Summary
from mailboxes.services import audit, keys
from mailboxes.services.parcels import Parcel

MAX_MESSAGES = 1000
_HEADER_BYTES = 65_536
_HTML_READ = 500_000  # characters
_TEXT_SHOWN = 200_000  # characters


@dataclass(frozen=True, slots=True)
class Opened:
    """One message as an operator reads it: as text only, whatever it was sent as."""

    summary: Summary
    parsed: parsing.ParsedMessage
    text: str


def is_full(pending: int = 0) -> bool:
    """Tell whether the operators' mail has reached its cap, with `pending` messages on their way."""
    return OperatorMessage.objects.count() + pending >= MAX_MESSAGES


def store(address: addresses.Address, parcel: Parcel, now: datetime) -> bool:
    """Store a message sealed to the operators' key; return whether it was stored.

    One that came before is not stored again. Past the cap a message is dropped: a bare RCPT TO:<postmaster> is
    accepted by Postfix without asking, so this is the one place that can bound it.
    """
    key = keys.address_digest_key()
    digest = dedupe.digest(parcel.canonical, keys.address_digest(address), key)
    _, is_new = DedupeRecord.objects.get_or_create(digest=digest, defaults={"created_at": now})
    if not is_new or is_full():
        return False
    message_id = uuid.uuid4()
    public_key = keys.operator_public_key()
    OperatorMessage.objects.create(
        id=message_id,
        local_part=address.local_part,
        domain_name=address.domain,
        received_at=now,
        size=parcel.size,
        sealed_summary=sealing.seal(
            public_key, sealing.Kind.SUMMARY, message_id.bytes, parcel.summary
        ),
        sealed_source=sealing.seal(
            public_key, sealing.Kind.SOURCE, message_id.bytes, parcel.source
        ),
    )
    return True


def summary_of(message: OperatorMessage) -> Summary:
    """Return the line of a list; an empty one where it does not open."""
    sealed = bytes(message.sealed_summary)
    try:
        return Summary.decode(_unsealed(message, sealing.Kind.SUMMARY, sealed))
    except SealBroken:
        return Summary.of_unread(b"")


def source(message: OperatorMessage) -> bytes:
    """Return a message as it came. Raises SealBroken."""
    return _unsealed(message, sealing.Kind.SOURCE, bytes(message.sealed_source))


def read(message: OperatorMessage, *, actor: str) -> Opened:
    """Return a message for an operator; that it was read is recorded, once for each. Raises SealBroken."""
    raw, summary = source(message), summary_of(message)
    # What the worker could not read no parser gets twice.
    headers = (
        parsing.read_headers(raw, _HEADER_BYTES, unreadable=True) if summary.unreadable else None
    )
    parsed = headers or parsing.parse(raw)
    text = parsed.text if parsed.text.strip() else html_text.to_text(parsed.html[:_HTML_READ])
    audit.record_once(ModerationRecord.Act.READ, str(message.id), actor=actor)
    return Opened(summary, parsed, text[:_TEXT_SHOWN])


@transaction.atomic
def delete(message: OperatorMessage, *, reason: str = "", actor: str = "") -> bool:
    """Delete a message before its time; return whether it was still there."""
    is_deleted = bool(OperatorMessage.objects.filter(pk=message.pk).delete()[0])
    if is_deleted:
        audit.record(ModerationRecord.Act.DELETE_MAIL, str(message.pk), reason=reason, actor=actor)
    return is_deleted


def _unsealed(message: OperatorMessage, kind: sealing.Kind, sealed: bytes) -> bytes:
    return sealing.unseal(keys.operator_private_key(), kind, message.id.bytes, sealed)
