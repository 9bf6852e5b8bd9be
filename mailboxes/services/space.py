"""Giving back to the disk what a purge has freed in SQLite. PostgreSQL's autovacuum does it there by itself."""

import logging

from django.db import OperationalError, connection
from django.db.backends.utils import CursorWrapper

logger = logging.getLogger(__name__)

PAGES = 1000  # of SQLite, in one transaction: 4 MB
TRANSACTIONS = 25
BUSY_MILLISECONDS = 250


def give_back() -> int:
    """Give back SQLite's free pages, and empty its log; return how many pages that were.

    Each run is bounded, and holds up no delivery for long; the next one goes on. So it does after a full disk.
    """
    # in a transaction, as in tests, SQLite can make no checkpoint
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        return 0
    try:
        with connection.cursor() as cursor:
            return _shrink(cursor)
    except OperationalError:
        logger.warning("sqlite did not give space back this time")
        return 0


def _shrink(cursor: CursorWrapper) -> int:
    """Empty the log, then cut free pages off the file, and empty the log of that. Returns how many pages."""
    patience = _number(cursor, "busy_timeout")
    cursor.execute(f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}")
    try:
        _empty_the_log(cursor)
        before = _number(cursor, "freelist_count")
        for _ in range(TRANSACTIONS):
            if not _number(cursor, "freelist_count"):
                break
            _cut_off_pages()
        freed = before - _number(cursor, "freelist_count")
        if freed:
            _empty_the_log(cursor)
        return freed
    finally:
        cursor.execute(f"PRAGMA busy_timeout = {patience}")


def _cut_off_pages() -> None:
    """Free a bounded number of pages. It frees one each time it is stepped, and execute() steps once."""
    with connection.wrap_database_errors:
        connection.connection.executescript(f"PRAGMA incremental_vacuum({PAGES})")


def _empty_the_log(cursor: CursorWrapper) -> None:
    """Write the log into the database and cut it to nothing: it holds pages as they were before the purge.

    Waits for readers with the writer's lock held, so BUSY_MILLISECONDS at most; then it is not done this time.
    """
    cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    cursor.fetchall()


def _number(cursor: CursorWrapper, pragma: str) -> int:
    cursor.execute(f"PRAGMA {pragma}")
    number: int = cursor.fetchone()[0]
    return number
