"""Mail for the operators: postmaster@ and abuse@ of each domain."""

import uuid
from datetime import datetime

from mailboxes.models.messages import OperatorMessage
from mailboxes.models.records import DedupeRecord
from mailboxes.rules import addresses, dedupe, sealing
from mailboxes.services import keys
from mailboxes.services.parcels import Parcel

MAX_MESSAGES = 1000


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
