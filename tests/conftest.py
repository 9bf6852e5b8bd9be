"""What the tests share: a mailbox to work with, and a running instance."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection
from pytest_django import DjangoDbBlocker

from deploy.local import ports
from deploy.local.stack import Stack
from tests import messages, private_database


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """End the connections of threads that asynchronous views ran in, so that the test database can be dropped."""
    from mailboxes.services import key_guard

    with django_db_blocker.unblock():
        key_guard.ensure()  # so that no test meets the query that each process makes once
    yield
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """A whole instance: on the PostgreSQL that the environment names, else on SQLite."""
    with private_database.create() as database_url:
        yield from running_stack(database_url)


@pytest.fixture(scope="session")
def sqlite_stack() -> Iterator[Stack]:
    """A whole instance on SQLite, as `make run` starts it."""
    yield from running_stack(None)


@pytest.fixture(scope="session")
def lmtp_stack() -> Iterator[Stack]:
    """A whole instance that delivers by LMTP instead of the pipe, on the same kind of database as `stack`."""
    with private_database.create() as database_url:
        yield from running_stack(database_url, DELIVERY_TRANSPORT="lmtp")


@pytest.fixture(params=["postgresql", "sqlite", "lmtp"])
def each_stack(request: pytest.FixtureRequest) -> Stack:
    """The same instance on PostgreSQL, on SQLite, and with the other transport, one after the other."""
    if request.param == "postgresql" and not os.environ.get("DATABASE_URL"):
        pytest.skip("no PostgreSQL in the environment")
    names = {"postgresql": "stack", "sqlite": "sqlite_stack", "lmtp": "lmtp_stack"}
    stack: Stack = request.getfixturevalue(names[request.param])
    return stack


def running_stack(database_url: str | None, **settings: str) -> Iterator[Stack]:
    """Start an instance of its own in a directory with a space, and take it down; `settings` are environment."""
    scratch = Path(tempfile.mkdtemp(prefix="tempmail stack "))
    try:
        data = scratch / "data"
        many = dict.fromkeys(
            (
                "CREATIONS_PER_CLIENT",
                "CREATIONS_PER_SESSION",
                "REPORTS_PER_CLIENT",
                "SIGN_INS_PER_CLIENT",
            ),
            "1000/h",
        )
        many["API_CALLS_PER_MAILBOX"] = "100000/m"
        here = {"WEBHOOK_ALLOWED_NETWORKS": "127.0.0.1"}  # where the tests' receivers are
        with Stack(
            data, ports.free(), ports.free(), database_url, settings={**many, **here, **settings}
        ) as running:
            yield running
        shutil.rmtree(running.state_dir)
    finally:
        shutil.rmtree(scratch)


@pytest.fixture
def domain(db: None):  # type: ignore[no-untyped-def]
    from mailboxes.services import domains

    return domains.add("tempmail.test")[0]


@pytest.fixture
def owner(domain):  # type: ignore[no-untyped-def]
    """A new mailbox with its address and token."""
    from mailboxes.services import creation

    return creation.create()


@pytest.fixture
def stranger(domain):  # type: ignore[no-untyped-def]
    """Another mailbox, whose token opens nothing of the owner's."""
    from mailboxes.services import creation

    return creation.create()


@pytest.fixture
def deliver():  # type: ignore[no-untyped-def]
    """Deliver a message as the worker does; returns the outcomes."""
    from mailboxes.services import intake
    from mailboxes.services.parcels import Envelope

    def send(*recipients: str, raw: bytes = messages.PLAIN, queue_id: str = "4TestQueueId"):  # type: ignore[no-untyped-def]
        return intake.store(Envelope(queue_id, "sender@example.org", recipients), raw)

    return send
