"""What outlives a mailbox or a message for a while: how long each kind of record is kept, and its removal."""

import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db.models import QuerySet

from mailboxes.models.access import IdempotencyRecord
from mailboxes.models.messages import OperatorMessage
from mailboxes.models.records import CanaryRun, DedupeRecord, PurgeRecord
from mailboxes.services import abuse, clock_guard, idempotency

PURGE_RECORD_DAYS = 1
OPERATOR_MESSAGE_DAYS = 14
CANARY_RUN_DAYS = 2
RUN_SECONDS = 40.0
BATCH = 1000  # rows of one transaction


def purge_records(seconds: float = RUN_SECONDS) -> int:
    """Remove records past their retention until none is left, or for so many seconds; return how many.

    Raises ClockJumped where the clock cannot be believed.
    """
    deadline = time.monotonic() + seconds
    over = _over(clock_guard.now())
    return sum(_remove(rows, deadline) for rows in over) + abuse.purge()


def delivery_record_seconds() -> int:
    """Return how long the digest of a delivery is kept: as long as Postfix may try again, and a day."""
    return int(settings.QUEUE_LIFETIME) + 86_400


def mailbox_seconds() -> int:
    """Return how long a mailbox lives at the longest."""
    return int(settings.MAX_LIFETIME)


def queue_seconds() -> int:
    """Return how long the mail server keeps what cannot be delivered."""
    return int(settings.QUEUE_LIFETIME)


def log_seconds() -> int:
    """Return how long the service's own logs are kept."""
    return max(1, int(settings.LOG_RETENTION_DAYS)) * 86_400


def cut_off_seconds() -> int:
    """Return how long a client that asked for many unknown recipients is cut off."""
    return int(settings.CUT_OFF_SECONDS)


def _over(now: datetime) -> Sequence[QuerySet[Any]]:
    """Return every kind of record past its retention."""

    def ago(**time: float) -> datetime:
        return now - timedelta(**time)

    return (
        PurgeRecord.objects.filter(purged_at__lte=ago(days=PURGE_RECORD_DAYS)),
        DedupeRecord.objects.filter(created_at__lte=ago(seconds=delivery_record_seconds())),
        OperatorMessage.objects.filter(received_at__lte=ago(days=OPERATOR_MESSAGE_DAYS)),
        IdempotencyRecord.objects.filter(created_at__lte=ago(seconds=idempotency.SECONDS)),
        CanaryRun.objects.filter(started_at__lte=ago(days=CANARY_RUN_DAYS)),
        Session.objects.filter(expire_date__lte=now),  # of operators; visitors have none
    )


def _remove(rows: QuerySet[Any], deadline: float) -> int:
    removed = 0
    while time.monotonic() < deadline:
        keys = list(rows.values_list("pk", flat=True)[:BATCH])
        removed += rows.filter(pk__in=keys).delete()[0]
        if len(keys) < BATCH:
            break
    return removed
