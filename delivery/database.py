"""One persistent database connection per thread that recovers by itself."""

import contextlib
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from django.conf import settings
from django.db import Error, InterfaceError, OperationalError, connection

AWAY = (OperationalError, InterfaceError)
RESERVE = 4  # largest messages that SQLite's disk must have room for, beside the fullest mailbox
Answer = TypeVar("Answer")


def close() -> None:
    """Drops this thread's connection, so that the next query makes a new one. Never raises."""
    with contextlib.suppress(Exception):
        connection.close()


def healthy() -> bool:
    """Whether the database answers a question now, on a new connection if need be. Never raises."""
    return _answers() or _answers()


def check_room() -> None:
    """Raises OperationalError while SQLite's disk is nearly full; mail waits in the queue then.

    On a disk full to the last byte no connection could be made, and the purge needs room to write
    before it gives any back: overwriting a mailbox (secure_delete) costs its size in the log. A
    PostgreSQL looks after its own disk.
    """
    if connection.vendor != "sqlite":
        return
    file = Path(connection.settings_dict["NAME"])
    log = file.with_name(f"{file.name}-wal")  # it is written from its start again
    reserve = settings.MAILBOX_MAX_BYTES + RESERVE * settings.MESSAGE_SIZE_LIMIT
    with contextlib.suppress(FileNotFoundError):  # a database in memory
        room = shutil.disk_usage(file.parent).free
        room += log.stat().st_size if log.exists() else 0
        if file.is_file() and room < reserve and room + _unused() < reserve:
            raise OperationalError("the database's disk is nearly full")


def _unused() -> int:
    """Bytes within SQLite's file that a purge has given back. Raises django.db.Error."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT freelist_count * page_size FROM pragma_freelist_count, pragma_page_size"
        )
        unused: int = cursor.fetchone()[0]
    return unused


def can_store() -> bool:
    """Whether the database answers, and has room as far as we can tell. Never raises."""
    try:
        check_room()
    except (OSError, Error):
        return False
    return healthy()


def _answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Exception:  # noqa: BLE001 - whatever a driver raises, it does not answer
        close()
        return False
    return True


def ask(question: Callable[[], Answer]) -> Answer:
    """The answer, asked twice where the first try met a connection that had died meanwhile.

    A database that was restarted is noticed only by using the old connection. Any database error
    closes the connection. Raises django.db.Error, and what the question raises.
    """
    before = connection.connection
    try:
        return question()
    except AWAY:
        # atomic() has made a new connection already when its rollback met a dead one.
        stale = before is not None and (connection.connection is not before or not _usable())
        close()
        if not stale:
            raise
    except Error:
        close()
        raise
    return _last(question)


def _last(question: Callable[[], Answer]) -> Answer:
    try:
        return question()
    except Error:
        close()
        raise


def _usable() -> bool:
    """Tells a dead connection from an error on a living one, such as a lock not got in time."""
    try:
        return connection.is_usable()
    except Exception:  # noqa: BLE001 - a connection too broken to be asked
        return False
