"""The database's clock: the one that decides when a mailbox ends."""

from datetime import UTC, datetime

from django.db import connection


def now() -> datetime:
    """Return the database's time, aware, in UTC. Costs one query without a table."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT strftime('%Y-%m-%dT%H:%M:%f', 'now')")
            (text,) = cursor.fetchone()
            return datetime.fromisoformat(text).replace(tzinfo=UTC)
        cursor.execute("SELECT statement_timestamp()")
        (value,) = cursor.fetchone()
        assert isinstance(value, datetime)  # noqa: S101
        return value.astimezone(UTC)
