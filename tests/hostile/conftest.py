"""A real delivery worker on the database of the tests, so that their own client opens what it stored."""

import os
from collections.abc import Iterator

import pytest
from django.core.management.color import no_style
from django.db import connection
from pytest_django import DjangoDbBlocker

from deploy.local.stack import Stack
from mailboxes.services import creation
from mailboxes.services.creation import Created
from tempmail_site import secrets_file
from tests import private_database
from tests.conftest import running_stack
from tests.hostile.worker import Worker
from tests.journey.worker_stack import BREAKABLE, MANAGE

OURS = "mailboxes_"


@pytest.fixture(scope="package")
def database(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """The tests' database for the whole package, without a transaction around: the worker must see it."""
    with django_db_blocker.unblock():
        yield database_url()
        tables = [name for name in connection.introspection.table_names() if name.startswith(OURS)]
        statements = connection.ops.sql_flush(no_style(), tables, allow_cascade=True)
        connection.ops.execute_sql_flush(statements)


def database_url() -> str:
    """The URL of the database that this process is connected to."""
    settings = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{settings['NAME']}"
    return f"{os.environ['DATABASE_URL'].rpartition('/')[0]}/{settings['NAME']}"


def environment(url: str) -> dict[str, str]:
    """Of a worker that shares database and keys with the tests, with the limits of an installation."""
    keys = {name: os.environ[name] for name in secrets_file.NAMES if name in os.environ}
    return {**keys, "DATABASE_URL": url, "PARSE_TIME_LIMIT": "5"}


@pytest.fixture(scope="package")
def worker(database: str) -> Iterator[Worker]:
    """The worker as an installation runs it."""
    yield from running(Worker(MANAGE, **environment(database)))


@pytest.fixture(scope="package")
def breakable_worker(database: str) -> Iterator[Worker]:
    """One with a parser that some messages break, and a limit of a second."""
    yield from running(Worker(BREAKABLE, **{**environment(database), "PARSE_TIME_LIMIT": "1"}))


def running(worker: Worker) -> Iterator[Worker]:
    """Start it, and take it down."""
    try:
        worker.start()
        yield worker
    finally:
        worker.close()


@pytest.fixture(scope="module")
def mailbox(worker: Worker) -> Created:
    """A mailbox for the messages of one module."""
    return creation.create(domain="tempmail.test")


@pytest.fixture(scope="package")
def hostile_stack() -> Iterator[Stack]:
    """A whole instance whose mailboxes take all that these tests send."""
    with private_database.create() as url:
        yield from running_stack(url, MAILBOX_MAX_MESSAGES="5000", MAILBOX_MAX_BYTES="1000000000")
