"""A database of its own in the PostgreSQL that the environment names."""

import contextlib
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

import psycopg2


@contextlib.contextmanager
def create(options: str = "") -> Iterator[str | None]:
    """Yield the DATABASE_URL of a new database; None where the tests run on SQLite."""
    url = os.environ.get("DATABASE_URL")
    if not url:
        yield None
        return
    name = f"stack_{secrets.token_hex(4)}"
    _run(url, f'CREATE DATABASE "{name}" {options}')
    try:
        yield f"{url.rpartition('/')[0]}/{name}"
    finally:
        _run(url, f'DROP DATABASE "{name}" WITH (FORCE)')


@contextlib.contextmanager
def on_disk(directory: Path) -> Iterator[str | None]:
    """Yield the DATABASE_URL of a new database whose tables are in this directory."""
    url = os.environ["DATABASE_URL"]
    shutil.chown(directory, "postgres")
    name = f"space_{secrets.token_hex(4)}"
    _run(url, f"CREATE TABLESPACE {name} LOCATION '{directory}'")
    try:
        with create(f"TABLESPACE {name}") as database_url:
            yield database_url
    finally:
        _run(url, f"DROP TABLESPACE {name}")


def _run(url: str, statement: str) -> None:
    connection = psycopg2.connect(url)
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)
    finally:
        connection.close()
