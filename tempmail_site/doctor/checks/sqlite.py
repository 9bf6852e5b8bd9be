"""SQLite, the embedded database: durable, erasing what it deletes, with room to do it."""

import shutil
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.db import OperationalError, connection

from delivery import database
from tempmail_site.doctor import looking
from tempmail_site.doctor.findings import CannotLook, Finding, check, fault, ok

# What each pragma has to say, and what is not so otherwise.
_PRAGMAS = {
    "journal_mode": ("wal", "readers and the one writer wait for each other"),
    "synchronous": (2, "what was answered 250 may be lost in a power cut"),
    "secure_delete": (1, "what was purged can be read from the disk"),
    "auto_vacuum": (2, "what was purged never becomes free space"),
    "foreign_keys": (1, "rows may be left without those that they belong to"),
}


@check("sqlite.pragmas", "They make the embedded database keep the promises.")
def pragmas() -> Iterator[Finding]:
    """As a connection of ours sees them."""
    _need_sqlite()
    found = {name: _number(name) for name in _PRAGMAS}
    bad = False
    for name, (wanted, why) in _PRAGMAS.items():
        if found[name] != wanted:
            bad = True
            remedy = "Stop everything; `manage.py migrate` sets the file's own, settings.py those of a connection."
            yield fault(f"{name} is {found[name]}, not {wanted}: {why}", remedy)
    if not bad:
        yield ok(", ".join(f"{name} {value}" for name, value in found.items()))


@check("sqlite.space", "Below a reserve mail waits in the queue, so that the purge has room.")
def space() -> Iterator[Finding]:
    """The reserve that the worker keeps."""
    _need_sqlite()
    directory = Path(connection.settings_dict["NAME"]).parent
    reserve = settings.MAILBOX_MAX_BYTES + database.RESERVE * settings.MESSAGE_SIZE_LIMIT
    try:
        database.check_room()
    except OperationalError:
        words = f"its disk has less than {looking.sizes(reserve)}: mail waits in the queue"
        yield fault(words, f"Make room on the disk of {directory}, or wait for the purge.")
    else:
        free = looking.sizes(shutil.disk_usage(directory).free)
        yield ok(f"{free} free, {looking.sizes(reserve)} are held in reserve")


def _need_sqlite() -> None:
    if connection.vendor != "sqlite":
        raise CannotLook("the database is no SQLite")


def _number(pragma: str) -> object:
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA {pragma}")
        return cursor.fetchone()[0]
