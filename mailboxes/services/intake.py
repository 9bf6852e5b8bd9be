"""Storing one delivered message for each of its recipients: the end of the mail path."""

import enum
import logging
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import DEFAULT_DB_ALIAS, Error, transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from mailboxes.models.domains import Domain
from mailboxes.models.mailboxes import Mailbox
from mailboxes.models.records import DedupeRecord
from mailboxes.rules import addresses, dedupe, queue_ids
from mailboxes.rules import summary as summaries
from mailboxes.rules.errors import InvalidAddress
from mailboxes.rules.summary import Summary
from mailboxes.services import (
    clock,
    domains,
    key_guard,
    keys,
    metrics,
    operator_mail,
    parcels,
    prepared,
    timeline,
)
from mailboxes.services.batches import Batch
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
    try:
        results = _stored(deliveries)
    except Error as error:
        if not prepared.is_of_plans(error):
            raise
        results = _stored(deliveries)
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


@transaction.atomic
def _stored(deliveries: Sequence[Delivery]) -> list[list[Outcome]]:
    """Store within a transaction, in as many round trips for many deliveries as for one."""
    mailboxes, now = _locked(list({key for one in deliveries for key in one.recipients}))
    digests = [_dedupe_digests(one, mailboxes) for one in deliveries]
    new = _undelivered({digest for each in digests for digest in each.values()}, now)
    batch = Batch(now)

    def outcome(delivery: Delivery, key: bytes, digest: bytes | None) -> Outcome:
        if digest is None:
            return _without_mailbox(delivery.recipients[key], delivery.parcel, now)
        if digest not in new:
            return Outcome.DUPLICATE
        new.remove(digest)
        batch.add(mailboxes[key], delivery.parcel)
        return Outcome.STORED

    results = [
        [outcome(one, key, each.get(key)) for key in one.recipients]
        for one, each in zip(deliveries, digests, strict=True)
    ]
    batch.write()
    return results


def _locked(digests: Sequence[bytes]) -> tuple[dict[bytes, Mailbox], datetime]:
    """Lock the living mailboxes, in one order for everybody; say when. The lock makes sequence and counts exact."""
    rows = _lock(digests)
    found = [Mailbox.from_db(DEFAULT_DB_ALIAS, _LOCKED, values) for _now, *values in rows]
    now = rows[0][0] if rows else clock.now()
    return {bytes(mailbox.address_digest): mailbox for mailbox in found}, now


_LOCKED = (
    *("id", "public_id", "address_digest", "public_key", "expires_at", "last_activity_at"),
    *("ends_at", "message_count", "stored_bytes", "last_sequence", "webhook_count"),
)


@prepared.Lookup
def _lock(digests: Sequence[bytes]) -> "QuerySet[Mailbox, tuple[Any, ...]]":
    open_domains = Domain.objects.filter(accepts_mail=True)
    living = Mailbox.objects.live().filter(address_digest__in=digests, domain__in=open_domains)
    # FOR UPDATE locks what the outer query reads, and not the domains.
    return living.order_by("pk").select_for_update().values_list(Now(), *_LOCKED)


def _dedupe_digests(delivery: Delivery, mailboxes: Mapping[bytes, Mailbox]) -> dict[bytes, bytes]:
    """Return by what each try of a delivery is known, for those of its recipients that live."""
    canonical, secret = delivery.parcel.canonical, keys.address_digest_key()
    return {
        key: dedupe.digest(canonical, key, secret)
        for key in delivery.recipients
        if key in mailboxes
    }


def _undelivered(digests: Collection[bytes], now: datetime) -> set[bytes]:
    """Note deliveries; return those that were not known. The mailboxes' locks keep other tries of them waiting."""
    if not digests:
        return set()
    return prepared.insert_new([DedupeRecord(digest=each, created_at=now) for each in digests])


def _without_mailbox(address: addresses.Address, parcel: Parcel, now: datetime) -> Outcome:
    if address.local_part in addresses.OPERATOR_LOCAL_PARTS and domains.find(address):
        operator_mail.store(address, parcel, now)
        return Outcome.OPERATOR
    return Outcome.GONE
