"""The whole product as a contender: Postfix, our transport, the worker, PostgreSQL, Redis; RCPT asked of the worker."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg2  # type: ignore[import-untyped]
import psycopg2.extensions  # type: ignore[import-untyped]

from deploy.local import ports
from deploy.local.instance import FIRST_DOMAIN
from deploy.local.mail_server import Postfix
from deploy.local.processes import StartFailed
from deploy.local.servers import PostgreSQL
from deploy.local.stack import Stack

DAY = 86_400
SETTINGS = {
    "CUSTOM_LOCAL_PARTS": "true",  # the load numbers its mailboxes
    "DEFAULT_LIFETIME": str(DAY),
    "CANARY_INTERVAL": "0",  # its mail would be counted
    "DOMAIN_CHECK_INTERVAL": "0",
}


class Ours:
    """A running instance on a PostgreSQL."""

    domain = FIRST_DOMAIN

    def __init__(
        self,
        name: str,
        what: str,
        stack: Stack,
        server: PostgreSQL,
        link: psycopg2.extensions.connection,
    ) -> None:
        self.name, self.what = name, what
        self.stack, self._server, self._link = stack, server, link

    @property
    def postfix(self) -> Postfix:
        """Its Postfix, running."""
        return self.stack.postfix

    def families(self) -> Mapping[str, int]:
        """Return the worker, PostgreSQL and Redis. Raises StartFailed when one of them has ended."""
        worker, redis = self.stack.processes["worker"], self.stack.processes["redis"]
        found = {"worker": worker.pid, "postgres": self._server.child.pid, "redis": redis.pid}
        living = {name: pid for name, pid in found.items() if pid is not None}
        if len(living) < len(found):
            raise StartFailed(f"a server of {self.name} has ended")
        return living

    @property
    def delivery_socket(self) -> Path:
        """Where the worker takes in what the script hands over."""
        return self.stack.state_dir / "spool" / "tempmail" / "delivery.sock"

    def stored(self) -> int:
        """Return how many messages the database holds."""
        count: int = self.query("SELECT count(*) FROM mailboxes_message")[0][0]
        return count

    def query(self, statement: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Run a statement of its own in the database; return its rows, none where it gives none."""
        with self._link.cursor() as cursor:
            cursor.execute(statement, values)
            return list(cursor.fetchall()) if cursor.description else []


@contextmanager
def running(
    name: str,
    what: str,
    directory: Path,
    server: PostgreSQL,
    boxes: int,
    settings: Mapping[str, str] | None = None,
) -> Iterator[Ours]:
    """Run an instance with a database of its own and as many mailboxes. Raises StartFailed.

    By pipe(8), where `settings` say nothing else.
    """
    _create_database(server, name)
    settings = {**SETTINGS, **(settings or {})}
    url = server.url(name)
    with (
        Stack(directory, ports.free(), ports.free(), url, settings=settings) as stack,
        closing(psycopg2.connect(url)) as link,
    ):
        link.autocommit = True
        _make_mailboxes(stack, boxes)
        yield Ours(name, what, stack, server, link)


def durability(server: PostgreSQL) -> str:
    """Return PostgreSQL's settings of durability, as it names them."""
    with closing(psycopg2.connect(server.url())) as link, link.cursor() as cursor:
        names = ("fsync", "synchronous_commit", "full_page_writes", "wal_sync_method")
        values = []
        for name in names:
            cursor.execute(f"SHOW {name}")
            values.append(f"{name}={cursor.fetchone()[0]}")
    return " ".join(values)


def _create_database(server: PostgreSQL, name: str) -> None:
    with closing(psycopg2.connect(server.url())) as link:
        link.autocommit = True
        with link.cursor() as cursor:
            cursor.execute(f'CREATE DATABASE "{name}"')


def _make_mailboxes(stack: Stack, count: int) -> None:
    stack.manage(
        "shell",
        "--no-imports",
        "-c",
        "from django.db import transaction\n"
        "from mailboxes.services import creation\n"
        "from tests.benchmarks import load\n"
        "with transaction.atomic():\n"
        f"    for number in range(1, {count} + 1):\n"
        "        creation.create(local_part=load.box(number), token=load.token(number))\n",
    )
