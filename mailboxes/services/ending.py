"""Deleting messages, extending and ending mailboxes, and purging what has ended."""

import logging
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import OperationalError, transaction
from django.db.models import QuerySet

from mailboxes import live
from mailboxes.models.mailboxes import Mailbox
from mailboxes.models.messages import Message, MessageSource, OperatorMessage
from mailboxes.models.records import DedupeRecord, PurgeRecord
from mailboxes.rules import lifetimes
from mailboxes.rules.errors import NotFound
from mailboxes.services import abuse, clock

logger = logging.getLogger(__name__)

PURGE_BATCH = 100
PURGE_RECORD_DAYS = 1
OPERATOR_MESSAGE_DAYS = 14


@transaction.atomic
def delete_messages(mailbox: Mailbox, ids: Sequence[uuid.UUID] | None = None) -> int:
    """Delete these messages of a mailbox, or all of them; return how many there were.

    Their dedupe records stay: a retry by Postfix brings none of them back.
    """
    locked = _lock(mailbox)
    rows = Message.objects.filter(mailbox=locked)
    if ids is not None:
        rows = rows.filter(id__in=ids)
    count, size = _delete(rows)
    locked.message_count -= count
    locked.stored_bytes -= size
    locked.save(update_fields=("message_count", "stored_bytes"))
    return count


@transaction.atomic
def extend(mailbox: Mailbox, seconds: int) -> datetime:
    """Let a mailbox live `seconds` from now, up to its max_expires_at; return the new end.

    Raises NotFound when it has ended meanwhile, LifetimeOutOfBounds.
    """
    lifetimes.check(seconds, settings.MAX_LIFETIME)
    locked = _lock(mailbox)
    locked.expires_at = lifetimes.extended(
        locked.expires_at, clock.now(), seconds, locked.max_expires_at
    )
    locked.save(update_fields=("expires_at",))
    return locked.expires_at


def end(mailbox: Mailbox) -> None:
    """End a mailbox now, at its owner's wish: it and its mail are gone when this returns. Twice is once."""
    if _purge(mailbox.pk, PurgeRecord.Reason.CLOSED):
        live.publish(mailbox.public_id, live.ENDED)


def purge_ended_mailboxes(batch: int = PURGE_BATCH) -> int:
    """Remove mailboxes whose time is over, each in its own transaction; return how many. Resumable."""
    purged = 0
    for pk in Mailbox.objects.ended().order_by("expires_at").values_list("pk", flat=True)[:batch]:
        purged += _purge(pk, PurgeRecord.Reason.EXPIRED)
    if purged:
        logger.info("purged mailboxes=%d", purged)
    return purged


def purge_records() -> int:
    """Remove purge records, dedupe records, operators' mail and reports of abuse past their retention."""
    now = clock.now()
    old_deliveries = now - timedelta(seconds=delivery_record_seconds())
    rows = (
        PurgeRecord.objects.filter(purged_at__lte=now - timedelta(days=PURGE_RECORD_DAYS)),
        DedupeRecord.objects.filter(created_at__lte=old_deliveries),
        OperatorMessage.objects.filter(
            received_at__lte=now - timedelta(days=OPERATOR_MESSAGE_DAYS)
        ),
    )
    return sum(queryset.delete()[0] for queryset in rows) + abuse.purge()


def delivery_record_seconds() -> int:
    """Return how long the digest of a delivery is kept: as long as Postfix may try again, and a day."""
    return int(settings.QUEUE_LIFETIME) + 86_400


def _lock(mailbox: Mailbox) -> Mailbox:
    locked = Mailbox.objects.live().select_for_update().filter(pk=mailbox.pk).first()
    if locked is None:
        raise NotFound
    return locked


def _purge(pk: int, reason: PurgeRecord.Reason) -> bool:
    with transaction.atomic():
        # Under the lock nothing can be delivered into it; whoever comes second finds no row.
        mailbox = Mailbox.objects.select_for_update().filter(pk=pk).first()
        if mailbox is None:
            return False
        count, size = _delete(Message.objects.filter(mailbox=mailbox))
        mailbox.delete()
    record = PurgeRecord(mailbox_public_id=mailbox.public_id, reason=reason)
    record.purged_at, record.messages, record.bytes = clock.now(), count, size
    try:
        record.save()
    except (
        OperationalError
    ):  # a full disk: making room is what matters, the record is for debugging
        logger.warning("a purge could not be recorded")
    return True


def _delete(rows: QuerySet[Message]) -> tuple[int, int]:
    """Delete messages with their sources; return their count and bytes."""
    found = list(rows.values_list("received_at", "id", "size"))
    for received_at, message_id, _ in found:
        MessageSource.objects.filter(received_at=received_at, id=message_id).delete()
    Message.objects.filter(id__in=[message_id for _, message_id, _ in found]).delete()
    return len(found), sum(size for _, _, size in found)
