"""Deleting messages together with their sources, many in one statement."""

import uuid
from collections.abc import Sequence
from datetime import datetime

from django.db import connection
from django.db.models import QuerySet
from django.db.models.sql import DeleteQuery

from mailboxes.models.messages import Message

BATCH = 1000

_WITH_SOURCES = """
WITH gone AS ({delete} RETURNING received_at, id, size), sources AS (
    DELETE FROM mailboxes_messagesource AS source USING gone
    WHERE source.received_at = gone.received_at AND source.id = gone.id
)
SELECT count(*), coalesce(sum(size), 0) FROM gone
"""
_SOURCE = "DELETE FROM mailboxes_messagesource WHERE received_at = %s AND id = %s"

Key = tuple[datetime, uuid.UUID]


def erase(rows: QuerySet[Message]) -> tuple[int, int]:
    """Delete messages with their sources; return their count and bytes. The caller has locked their mailboxes.

    On PostgreSQL it is one statement, whatever their number, and no message is asked for.
    """
    if connection.vendor == "postgresql":
        return _erase_together(rows)
    found = sorted(rows.values_list("received_at", "id", "size"))
    for start in range(0, len(found), BATCH):
        keys = [
            (received_at, message_id) for received_at, message_id, _ in found[start : start + BATCH]
        ]
        _erase(keys)
    return len(found), sum(size for _, _, size in found)


def _erase_together(rows: QuerySet[Message]) -> tuple[int, int]:
    delete, params = rows.query.chain(DeleteQuery).get_compiler(connection=connection).as_sql()
    with connection.cursor() as cursor:
        cursor.execute(_WITH_SOURCES.format(delete=delete), params)
        count, size = cursor.fetchone()
    return count, int(size)


def _erase(keys: Sequence[Key]) -> None:
    """SQLite: the keys are in order; a prepared statement is run for each source."""
    times, ids = [list(column) for column in zip(*keys, strict=True)]
    Message.objects.filter(id__in=ids).delete()
    adapt = connection.ops.adapt_datetimefield_value
    with connection.cursor() as cursor:
        cursor.executemany(
            _SOURCE, [(adapt(at), id_.hex) for at, id_ in zip(times, ids, strict=True)]
        )
