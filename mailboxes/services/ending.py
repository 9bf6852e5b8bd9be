"""Deleting messages, extending and ending mailboxes, at their owners' wish."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction

from mailboxes import live
from mailboxes.models.mailboxes import Mailbox
from mailboxes.models.messages import Message
from mailboxes.models.records import PurgeRecord
from mailboxes.rules import lifetimes
from mailboxes.rules.errors import Frozen, NotFound
from mailboxes.services import activity, clock, erasing, purging, webhook_outbox


@dataclass(frozen=True, slots=True)
class Deleted:
    """What was removed: how many messages, and their bytes as they came."""

    messages: int = 0
    bytes: int = 0


@transaction.atomic
def delete_messages(mailbox: Mailbox, ids: Sequence[uuid.UUID] | None = None) -> Deleted:
    """Delete these messages of a mailbox, or all of them; return what there was.

    Their dedupe records stay: a retry by Postfix brings none of them back.
    """
    locked = lock(mailbox)
    rows = Message.objects.filter(mailbox=locked)
    if ids is not None:
        rows = rows.filter(id__in=ids)
    webhook_outbox.forget(locked, ids)
    deleted = Deleted(*erasing.erase(rows))
    locked.message_count -= deleted.messages
    locked.stored_bytes -= deleted.bytes
    locked.save(update_fields=("message_count", "stored_bytes"))
    return deleted


@transaction.atomic
def extend(mailbox: Mailbox, seconds: int) -> datetime:
    """Let a mailbox live `seconds` from now, up to its max_expires_at; return the new end.

    Raises NotFound when it has ended meanwhile, LifetimeOutOfBounds.
    """
    lifetimes.check(seconds, settings.MAX_LIFETIME)
    locked = lock(mailbox)
    locked.expires_at = lifetimes.extended(
        locked.expires_at, clock.now(), seconds, locked.max_expires_at
    )
    locked.ends_at = activity.ends_at(locked.expires_at, locked.last_activity_at)
    locked.save(update_fields=("expires_at", "ends_at"))
    return locked.expires_at


def end(mailbox: Mailbox, reason: PurgeRecord.Reason = PurgeRecord.Reason.CLOSED) -> Deleted:
    """End a mailbox now, at its owner's wish: it and its mail are gone when this returns. Twice is once."""
    removed = purging.remove(mailbox, reason)
    if removed is None:
        return Deleted()
    live.publish(mailbox.public_id, live.ENDED)
    return Deleted(*removed)


def lock(mailbox: Mailbox) -> Mailbox:
    """Lock a mailbox that its owner may change, and return it as it is now. Raises NotFound, Frozen."""
    locked = Mailbox.objects.live().select_for_update().filter(pk=mailbox.pk).first()
    if locked is None:
        raise NotFound
    if locked.frozen_at is not None:
        raise Frozen
    return locked
