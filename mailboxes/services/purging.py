"""Removing mailboxes for good: those whose time is over, and one at once when its owner ends it.

In short transactions, so that deliveries go on beside it; whatever stops it, the next run goes on from there.
"""

import logging
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import OperationalError, connection, transaction
from django.db.models import F, QuerySet

from mailboxes.models.mailboxes import Mailbox
from mailboxes.models.messages import Message
from mailboxes.models.records import PurgeRecord
from mailboxes.services import (
    clock,
    clock_guard,
    erasing,
    metrics,
    prepared,
    timeline,
    webhook_outbox,
)

logger = logging.getLogger(__name__)

RUN_SECONDS = 40.0
# One transaction: that much is locked, and on SQLite everybody waits for it.
GROUP = 50  # mailboxes
PART_MESSAGES = 200
PART_BYTES = 8 * 1024 * 1024
POSTGRESQL_SCALE = 20  # times as much: nobody waits for what has ended but a purge beside this one
# After each, deliveries have a turn: of SQLite's one writer, of PostgreSQL's processors and disk.
_PAUSE = {"sqlite": 1.0, "postgresql": 0.1}  # times what the group took
_LONGEST_PAUSE = 0.1  # seconds
_RECORDED = ("mailbox_public_id", "purged_at", "reason", "messages", "bytes")
# of a mailbox: to remove it, and to record that
_NEEDED = (
    *("public_id", "address_digest", "expires_at"),
    *("message_count", "stored_bytes", "webhook_count"),
)


@dataclass(frozen=True, slots=True)
class Purged:
    """What a run removed. It is complete when nothing was left whose time was over when it began."""

    mailboxes: int = 0
    messages: int = 0
    bytes: int = 0
    is_complete: bool = True

    def __add__(self, later: "Purged") -> "Purged":
        """Return what this run and a later one removed."""
        return Purged(
            self.mailboxes + later.mailboxes,
            self.messages + later.messages,
            self.bytes + later.bytes,
            later.is_complete,
        )


@dataclass(frozen=True, slots=True)
class _Part:
    """What one transaction removed of a mailbox, and whether that was the rest of it."""

    mailbox: Mailbox
    messages: int
    bytes: int
    is_last: bool


def purge_ended_mailboxes(seconds: float = RUN_SECONDS, *, clock_is_right: bool = False) -> Purged:
    """Remove mailboxes whose time is over until none is left, or for so many seconds.

    Raises ClockJumped where the clock cannot be believed, unless an operator vouches for it.
    """
    by = clock_guard.now(is_right=clock_is_right)
    began = time.monotonic()
    done = _sum(_purge_group(by))
    while not done.is_complete and time.monotonic() - began < seconds:
        done += _sum(_purge_group(by))
    if done.messages or done.mailboxes:
        logger.info(
            "purged mailboxes=%d messages=%d bytes=%d complete=%s seconds=%.1f",
            *(done.mailboxes, done.messages, done.bytes, done.is_complete),
            time.monotonic() - began,
        )
    return done


def remove(mailbox: Mailbox, reason: PurgeRecord.Reason) -> tuple[int, int] | None:
    """Remove a mailbox now, whatever time it had; return count and bytes of its messages.

    None when it was gone. Nobody reaches it from the first transaction on, even if that is the only one.
    """
    parts: list[_Part] = []
    while part := _next_part(mailbox.pk):
        parts.append(part)
        if part.is_last:
            _record([part.mailbox], lambda _: reason)
            return sum(each.messages for each in parts), sum(each.bytes for each in parts)
    return None


def _sum(parts: Sequence[_Part]) -> Purged:
    return Purged(
        sum(part.is_last for part in parts),
        sum(part.messages for part in parts),
        sum(part.bytes for part in parts),
        is_complete=not parts,
    )


def _purge_group(by: datetime) -> list[_Part]:
    began = time.monotonic()
    with transaction.atomic():
        parts = _remove_group(_locked_group(by))
    gone = [part.mailbox for part in parts if part.is_last]
    _record(gone, lambda mailbox: _reason(mailbox, by))
    if parts:
        took = time.monotonic() - began
        time.sleep(min(_PAUSE[connection.vendor] * took, _LONGEST_PAUSE))
    return parts


def _locked_group(by: datetime) -> list[Mailbox]:
    """Lock mailboxes whose time was over: under the lock nothing gets in, and a purge beside this one takes others."""
    ended = Mailbox.objects.ended(by).order_by("ends_at").only(*_NEEDED)
    rows = ended.select_for_update(skip_locked=True)
    group: list[Mailbox] = []
    messages = size = 0
    for mailbox in rows[: GROUP * _scale()]:
        messages, size = messages + mailbox.message_count, size + mailbox.stored_bytes
        if group and (messages > PART_MESSAGES * _scale() or size > PART_BYTES * _scale()):
            break
        group.append(mailbox)
    return group


def _scale() -> int:
    return POSTGRESQL_SCALE if connection.vendor == "postgresql" else 1


def _remove_group(mailboxes: Sequence[Mailbox]) -> list[_Part]:
    """Remove locked mailboxes that hold little together, with as many statements as one of them costs."""
    if len(mailboxes) <= 1:
        return [_remove_part(mailbox) for mailbox in mailboxes]
    keys = [mailbox.pk for mailbox in mailboxes]
    erasing.erase(Message.objects.filter(mailbox_id__in=keys))
    webhook_outbox.remove_of(mailboxes)
    Mailbox.objects.filter(pk__in=keys).delete()
    return [_Part(each, each.message_count, each.stored_bytes, True) for each in mailboxes]


def _next_part(pk: int) -> _Part | None:
    with transaction.atomic():
        mailbox = Mailbox.objects.select_for_update().filter(pk=pk).first()
        return None if mailbox is None else _remove_part(mailbox)


def _remove_part(mailbox: Mailbox) -> _Part:
    """Remove a locked mailbox; where it holds much, the first of its messages, and it has ended for good."""
    webhook_outbox.remove_of([mailbox])
    messages = Message.objects.filter(mailbox=mailbox)
    last, is_last = _bounds(messages)
    count, size = erasing.erase(messages.filter(sequence__lte=last)) if last else (0, 0)
    rows = Mailbox.objects.filter(pk=mailbox.pk)
    if is_last:
        rows.delete()
    else:  # also when the clock is set back
        rows.update(ends_at=F("created_at"))
    return _Part(mailbox, count, size, is_last)


def _bounds(messages: QuerySet[Message]) -> tuple[int, bool]:
    """Return up to which sequence one part goes, 0 for none, and whether nothing comes after."""
    most = PART_MESSAGES * _scale()
    found = list(messages.order_by("sequence").values_list("sequence", "size")[: most + 1])
    last = total = 0
    for place, (sequence, size) in enumerate(found):
        total += size
        if place == most or (place and total > PART_BYTES * _scale()):
            return last, False
        last = sequence
    return last, True


def _reason(mailbox: Mailbox, by: datetime) -> PurgeRecord.Reason:
    expired = mailbox.expires_at <= by
    return PurgeRecord.Reason.EXPIRED if expired else PurgeRecord.Reason.UNUSED


def _record(mailboxes: Sequence[Mailbox], reason: Callable[[Mailbox], PurgeRecord.Reason]) -> None:
    """Note what was removed, after it was: on a full disk making room is what matters."""
    if not mailboxes:
        return
    timeline.forget(bytes(mailbox.address_digest) for mailbox in mailboxes)
    reasons = [reason(mailbox) for mailbox in mailboxes]
    for each, count in Counter(reasons).items():
        metrics.PURGED.add(count, reason=each.value)
    metrics.PURGED_MESSAGES.add(sum(mailbox.message_count for mailbox in mailboxes))
    metrics.PURGED_BYTES.add(sum(mailbox.stored_bytes for mailbox in mailboxes))
    try:
        now = clock.now()
        rows = [
            (mailbox.public_id, now, why.value, mailbox.message_count, mailbox.stored_bytes)
            for mailbox, why in zip(mailboxes, reasons, strict=True)
        ]
        prepared.run([prepared.insert_rows(PurgeRecord, _RECORDED, rows)])
    except OperationalError:
        logger.warning("a purge could not be recorded")
