"""A worker process killed at an exact place: while it stores, and between its commit and its answer."""

import signal
import sqlite3
import time

import psycopg2

from tests.faults import victims
from tests.faults.instances import on
from tests.faults.service import NEVER, Service


class Database:
    """A connection past the product, to lock and to count."""

    def __init__(self, service: Service) -> None:
        if service.postgresql is None:
            file = service.stack.data_dir / "db.sqlite3"
            self.connection = sqlite3.connect(file, isolation_level=None)
            self.lock_statement = "BEGIN IMMEDIATE"
        else:
            self.connection = psycopg2.connect(service.stack.env["DATABASE_URL"])
            self.lock_statement = "SELECT id FROM mailboxes_mailbox FOR UPDATE"

    def count(self) -> int:
        """How many messages are committed."""
        number: int = self._run("SELECT COUNT(*) FROM mailboxes_message")
        self.connection.rollback()
        return number

    def lock(self) -> None:
        """From now on nothing can be delivered into any mailbox: the worker waits in its transaction."""
        self._run(self.lock_statement)

    def has_waiting(self) -> bool:
        """Whether somebody waits for what `lock` has locked; with the lock held it cannot commit."""
        if isinstance(self.connection, sqlite3.Connection):
            time.sleep(1)  # SQLite's waiting shows nowhere
            return True
        return self._run("SELECT COUNT(*) FROM pg_locks WHERE NOT granted") > 0

    def unlock(self) -> None:
        """Deliveries go on."""
        self.connection.rollback()

    def _run(self, statement: str) -> int:
        cursor = self.connection.cursor()
        cursor.execute(statement)
        row = cursor.fetchone() if statement.startswith("SELECT") else None
        cursor.close()
        return row[0] if row else 0


@on("postgresql", "sqlite")
def test_killed_before_its_commit(service: Service) -> None:
    service.retry(NEVER)
    database = Database(service)
    before = database.count()
    database.lock()
    service.send()
    service.wait_until(database.has_waiting, "a worker in its transaction")
    _kill_workers(service)
    database.unlock()
    service.settle()
    assert database.count() == before + 1
    database.connection.close()
    service.audit()


@on("postgresql", "sqlite", "lmtp")
def test_killed_between_its_commit_and_its_answer(service: Service) -> None:
    service.retry(NEVER)
    database, redis = Database(service), service.stack.processes["redis"]
    for _ in range(4):
        before = database.count()
        # The worker publishes after its commit and before its answer, and waits for Redis half a second.
        redis.send_signal(signal.SIGSTOP)
        service.send()
        service.wait_until(lambda before=before: database.count() > before, "the commit")
        _kill_workers(service)
        redis.send_signal(signal.SIGCONT)
        service.settle()
        assert database.count() == before + 1
        if '"duplicate":1' in service.worker_log():
            break
    else:
        raise AssertionError("no retry was met: every kill came after the answer")
    database.connection.close()
    service.audit()


def _kill_workers(service: Service) -> None:
    for pid in victims.workers(service.stack):
        victims.send_signal(pid, signal.SIGKILL)
