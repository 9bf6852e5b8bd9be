"""A database of its own in the PostgreSQL that the environment names."""

import contextlib
import os
import secrets
from collections.abc import Iterator

import psycopg2


@contextlib.contextmanager
def create() -> Iterator[str | None]:
    """Yield the DATABASE_URL of a new database; None where the tests run on SQLite."""
    url = os.environ.get("DATABASE_URL")
    if not url:
        yield None
        return
    name = f"stack_{secrets.token_hex(4)}"
    _run(url, f'CREATE DATABASE "{name}"')
    try:
        yield f"{url.rpartition('/')[0]}/{name}"
    finally:
        _run(url, f'DROP DATABASE "{name}" WITH (FORCE)')


def _run(url: str, statement: str) -> None:
    connection = psycopg2.connect(url)
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)
    finally:
        connection.close()
