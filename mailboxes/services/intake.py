"""Storing one delivered message for each of its recipients: the end of the mail path."""

import enum
import logging
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from django.db import transaction

from mailboxes import live
from mailboxes.models.mailboxes import Mailbox
from mailboxes.models.messages import Message, MessageSource
from mailboxes.models.records import DedupeRecord
from mailboxes.rules import addresses, dedupe, queue_ids, sealing
from mailboxes.rules import summary as summaries
from mailboxes.rules.errors import InvalidAddress
from mailboxes.rules.summary import Summary
from mailboxes.services import (
    activity,
    clock,
    domains,
    key_guard,
    keys,
    metrics,
    operator_mail,
    parcels,
    timeline,
    webhook_outbox,
)
from mailboxes.services.parcels import Envelope, Parcel

logger = logging.getLogger(__name__)


class Outcome(enum.Enum):
    """What became of a message for one recipient."""

    STORED = "stored"
    DUPLICATE = "duplicate"
    GONE = "gone"
    OPERATOR = "operator"


_TOLD = {
    Outcome.STORED: timeline.Kind.STORED,
    Outcome.DUPLICATE: timeline.Kind.DUPLICATE,
}


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message made ready for storing, with the mailboxes meant by address digest."""

    envelope: Envelope
    parcel: Parcel
    recipients: dict[bytes, addresses.Address]
    began: float  # monotonic seconds; for the log


def prepare(
    envelope: Envelope, raw: bytes, summarize: Callable[[bytes], Summary] = summaries.summarize
) -> Delivery:
    """Parse and compress `raw` for `store_many`. Touches no database."""
    began = time.monotonic()
    parcel = parcels.prepare(envelope, raw, summarize)
    return Delivery(envelope, parcel, _unique(envelope.recipients), began)


def store(
    envelope: Envelope, raw: bytes, summarize: Callable[[bytes], Summary] = summaries.summarize
) -> list[Outcome]:
    """Store `raw` for every recipient in one transaction; return after its commit, with one outcome a recipient.

    A retry of the same delivery stores nothing twice, also when the owner has deleted the message meanwhile. A
    mailbox that ended since RCPT is GONE; a full one still gets what was answered 250. Raises django.db.Error when
    the database is away: nothing is stored then, and the caller answers with a temporary failure.
    """
    return store_many([prepare(envelope, raw, summarize)])[0]


def store_many(deliveries: Sequence[Delivery]) -> list[list[Outcome]]:
    """Store several deliveries in one transaction, as `store` does each; raise as it does: then none is stored."""
    key_guard.ensure()
    with transaction.atomic():
        now = clock.now()
        mailboxes = _locked({key: a for one in deliveries for key, a in one.recipients.items()})
        results = [
            [
                _outcome(address, digest, mailboxes, one.parcel, now)
                for digest, address in one.recipients.items()
            ]
            for one in deliveries
        ]
    for one, outcomes in zip(deliveries, results, strict=True):
        _tell(one, outcomes)
        outcomes += [Outcome.GONE] * (len(one.envelope.recipients) - len(outcomes))
        _log(one, outcomes)
        _count(one, outcomes)
    return results


def _log(delivery: Delivery, outcomes: Iterable[Outcome]) -> None:
    """One line per delivery: its size in bytes, what became of it, from parsing to after the commit."""
    logger.info(
        "delivered",
        extra={
            "queue_id": delivery.envelope.queue_id,
            "size": delivery.parcel.size,
            "result": "delivered",
            **Counter(outcome.value for outcome in outcomes),
            "duration_ms": round((time.monotonic() - delivery.began) * 1000, 1),
        },
    )


def _tell(delivery: Delivery, outcomes: Iterable[Outcome]) -> None:
    """Note for the owners what is in their mailboxes; of any other recipient nothing is noted. Waits for nothing."""
    took = time.monotonic() - delivery.began
    by_digest = dict(zip(delivery.recipients, outcomes, strict=True))
    for outcome, kind in _TOLD.items():
        digests = [digest for digest, each in by_digest.items() if each is outcome]
        timeline.delivered(
            digests, kind, delivery.envelope.queue_id, size=delivery.parcel.size, took=took
        )


def _count(delivery: Delivery, outcomes: Iterable[Outcome]) -> None:
    metrics.INGEST_MESSAGES.add(result="committed")
    metrics.INGEST_BYTES.add(delivery.parcel.size)
    metrics.INGEST_SECONDS.observe(time.monotonic() - delivery.began)
    if delivery.parcel.partial:
        metrics.INGEST_PARTIAL.add()
    for outcome in outcomes:
        metrics.INGEST_RECIPIENTS.add(result=outcome.value)
    if arrived := queue_ids.arrived_at(delivery.envelope.queue_id):
        metrics.INGEST_AGE.observe(max(0.0, time.time() - arrived))


def _unique(recipients: Iterable[str]) -> dict[bytes, addresses.Address]:
    """Return the mailboxes meant, by address digest: a +tag twin is the same one, an impossible name is none."""
    found: dict[bytes, addresses.Address] = {}
    for text in recipients:
        try:
            address = addresses.parse(text)
        except InvalidAddress:
            continue
        found[keys.address_digest(address)] = address
    return found


def _locked(recipients: dict[bytes, addresses.Address]) -> dict[bytes, Mailbox]:
    """Lock the living mailboxes, in one order for everybody. The lock makes sequence and counts exact."""
    rows = (
        Mailbox.objects.live()
        .filter(address_digest__in=list(recipients), domain__accepts_mail=True)
        .order_by("pk")
        .select_for_update(of=("self",))
    )
    return {bytes(mailbox.address_digest): mailbox for mailbox in rows}


def _outcome(
    address: addresses.Address,
    digest: bytes,
    mailboxes: dict[bytes, Mailbox],
    parcel: Parcel,
    now: datetime,
) -> Outcome:
    mailbox = mailboxes.get(digest)
    if mailbox is not None:
        return _store_in(mailbox, parcel, now)
    if address.local_part in addresses.OPERATOR_LOCAL_PARTS and domains.find(address):
        operator_mail.store(address, parcel, now)
        return Outcome.OPERATOR
    return Outcome.GONE


def _store_in(mailbox: Mailbox, parcel: Parcel, now: datetime) -> Outcome:
    key = keys.address_digest_key()
    digest = dedupe.digest(parcel.canonical, bytes(mailbox.address_digest), key)
    # The mailbox's row is locked, so nobody else can insert the same digest between these two statements.
    if DedupeRecord.objects.filter(digest=digest).exists():
        return Outcome.DUPLICATE
    DedupeRecord.objects.bulk_create([DedupeRecord(digest=digest, created_at=now)])
    message_id = _insert(mailbox, parcel, now)
    webhook_outbox.write(mailbox, message_id, now)
    transaction.on_commit(partial(live.publish, mailbox.public_id, message_id.hex), robust=True)
    return Outcome.STORED


def _insert(mailbox: Mailbox, parcel: Parcel, now: datetime) -> uuid.UUID:
    message_id, public_key = uuid.uuid4(), bytes(mailbox.public_key)
    mailbox.last_sequence += 1
    mailbox.message_count += 1
    mailbox.stored_bytes += parcel.size
    used = activity.note(mailbox, now)
    mailbox.save(update_fields=("last_sequence", "message_count", "stored_bytes", *used))
    message = Message(
        id=message_id,
        mailbox=mailbox,
        sequence=mailbox.last_sequence,
        received_at=now,
        size=parcel.size,
        partial=parcel.partial,
        sealed_summary=sealing.seal(
            public_key, sealing.Kind.SUMMARY, message_id.bytes, parcel.summary
        ),
    )
    source = sealing.seal(public_key, sealing.Kind.SOURCE, message_id.bytes, parcel.source)
    Message.objects.bulk_create([message])
    MessageSource.objects.bulk_create(
        [MessageSource(received_at=now, id=message_id, sealed=source)]
    )
    return message_id
