"""One persistent database connection per thread that recovers by itself."""

import contextlib
from collections.abc import Callable
from typing import TypeVar

from django.db import Error, InterfaceError, OperationalError, connection

AWAY = (OperationalError, InterfaceError)
Answer = TypeVar("Answer")


def close() -> None:
    """Drops this thread's connection, so that the next query makes a new one. Never raises."""
    with contextlib.suppress(Exception):
        connection.close()


def healthy() -> bool:
    """Whether the database answers a question now, on a new connection if need be. Never raises."""
    return _answers() or _answers()


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
