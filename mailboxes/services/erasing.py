"""Deleting messages together with their sources, many in one statement."""

import uuid
from collections.abc import Sequence
from datetime import datetime

from django.db import connection
from django.db.models import QuerySet

from mailboxes.models.messages import Message

BATCH = 1000

_BY_ARRAYS = """
DELETE FROM mailboxes_messagesource AS source
USING unnest(%s::timestamptz[], %s::uuid[]) AS erased(received_at, id)
WHERE source.received_at = erased.received_at AND source.id = erased.id
"""
_BY_ARRAY = "DELETE FROM mailboxes_message WHERE id = ANY(%s)"
_ONE_BY_ONE = "DELETE FROM mailboxes_messagesource WHERE received_at = %s AND id = %s"

Key = tuple[datetime, uuid.UUID]


def erase(rows: QuerySet[Message]) -> tuple[int, int]:
    """Delete messages with their sources; return their count and bytes. The caller has locked their mailboxes."""
    found = sorted(rows.values_list("received_at", "id", "size"))
    for start in range(0, len(found), BATCH):
        keys = [
            (received_at, message_id) for received_at, message_id, _ in found[start : start + BATCH]
        ]
        _erase(keys)
    return len(found), sum(size for _, _, size in found)


def _erase(keys: Sequence[Key]) -> None:
    """The keys are in order. SQLite runs a prepared statement for each source, PostgreSQL one for all."""
    times, ids = [list(column) for column in zip(*keys, strict=True)]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(_BY_ARRAYS, [times, ids])
            cursor.execute(_BY_ARRAY, [ids])
        else:
            Message.objects.filter(id__in=ids).delete()
            adapt = connection.ops.adapt_datetimefield_value
            cursor.executemany(_ONE_BY_ONE, [(adapt(time), one.hex) for time, one in keys])
