"""Instances to break, each with a database server of its own."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest

from deploy.local.servers import PostgreSQL
from tests.faults.instances import instance
from tests.faults.service import Service


@pytest.fixture(scope="session")
def own_postgresql() -> Iterator[PostgreSQL]:
    """A durable PostgreSQL that the tests here may stop: with synchronous_commit off a crash would lose commits."""
    with tempfile.TemporaryDirectory(prefix="tempmail-postgresql-") as scratch:
        Path(scratch).chmod(0o755)  # it runs as its own user
        with PostgreSQL(Path(scratch) / "cluster", dict(os.environ)) as server:
            yield server


@pytest.fixture(scope="session")
def service(request: pytest.FixtureRequest) -> Iterator[Service]:
    """A running instance of the kind that the test names with `instances.on`."""
    kind: str = request.param
    server = None if kind == "sqlite" else request.getfixturevalue("own_postgresql")
    transport = "lmtp" if kind == "lmtp" else "pipe"
    url = None if server is None else _new_database(server, f"faults_{kind}")
    with instance(url, {"DELIVERY_TRANSPORT": transport}) as stack:
        yield Service(stack, server)


@pytest.fixture(autouse=True)
def _new_ledger(request: pytest.FixtureRequest) -> None:
    if "service" in request.fixturenames:
        request.getfixturevalue("service").begin()


def _new_database(server: PostgreSQL, name: str) -> str:
    connection = psycopg2.connect(server.url())
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(f'CREATE DATABASE "{name}"')
    finally:
        connection.close()
    return server.url(name)
