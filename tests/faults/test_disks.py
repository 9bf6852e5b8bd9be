"""Full disks: 452 at MAIL for the queue's, deferral for the database's; the purge runs, both recover alone."""

import contextlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.stack import Stack
from tests import private_database
from tests.faults.instances import instance
from tests.faults.ledger import Outcome
from tests.faults.load import connect
from tests.faults.service import NEVER, SOON, Service

# Bytes. The queue keeps twice the first in reserve, SQLite four times the first and once the second.
SMALL = {"MESSAGE_SIZE_LIMIT": "1000000", "MAILBOX_MAX_BYTES": "10000000"}
MEGABYTE = 1_000_000


@contextlib.contextmanager
def small_disk(directory: Path, megabytes: int) -> Iterator[Path]:
    """A tmpfs of this size; skips where mounting is not permitted."""
    directory.mkdir(parents=True, exist_ok=True)
    options = f"size={megabytes}m,mode=0755"
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(directory)],
        check=False,
        capture_output=True,
        text=True,
    )
    if mounted.returncode:
        pytest.skip(f"a mount is not permitted here: {mounted.stderr.strip()}")
    try:
        yield directory
    finally:
        subprocess.run(["umount", "-l", str(directory)], check=True)


def fill(directory: Path, leave: int) -> Path:
    """Fill the disk but for `leave` bytes; return the file that does it."""
    ballast = directory / "ballast"
    with ballast.open("wb") as file:
        for _ in range(100):
            state = os.statvfs(directory)
            size = state.f_bavail * state.f_frsize - leave
            # Others write meanwhile: what was free a moment ago may not be any more.
            with contextlib.suppress(OSError):
                os.posix_fallocate(file.fileno(), 0, max(1, size))
                return ballast
    raise AssertionError("the disk was never as free as it said")


@pytest.fixture
def small_queue() -> Iterator[Service]:
    """An instance whose queue is on a disk of 24 MB."""

    def prepare(stack: Stack) -> contextlib.AbstractContextManager[Path]:
        return small_disk(stack.state_dir / "spool", 24)

    with instance(None, SMALL, prepare) as stack:
        yield _begun(stack)


@pytest.fixture
def small_database(tmp_path: Path) -> Iterator[Service]:
    """An instance whose SQLite database is on a disk of 36 MB."""
    disk = tmp_path / "disk"
    with small_disk(disk, 36), instance(f"sqlite:///{disk}/db.sqlite3", SMALL) as stack:
        yield _begun(stack)


@pytest.fixture
def small_tablespace() -> Iterator[tuple[Service, Path]]:
    """An instance whose PostgreSQL tables, but not its write-ahead log, are on a disk of 60 MB; and that disk."""
    url = os.environ.get("DATABASE_URL", "")
    if not url:
        pytest.skip("no PostgreSQL in the environment")
    scratch = Path(tempfile.mkdtemp(prefix="tempmail-tablespace-"))
    scratch.chmod(0o755)  # PostgreSQL runs as its own user
    try:
        with (
            small_disk(scratch / "disk", 60) as disk,
            private_database.on_disk(disk) as database,
            instance(database, SMALL) as stack,
        ):
            yield _begun(stack), disk
    finally:
        shutil.rmtree(scratch)


def test_postgresql_disk_full(small_tablespace: tuple[Service, Path]) -> None:
    service, disk = small_tablespace
    service.retry(SOON)
    ending = service.addresses[0]
    with service.load() as load:
        load.wait_for(10)
    service.settle()
    service.inside("end", service.tokens.pop(ending))
    for transaction in service.ledger.transactions:
        transaction.recipients = tuple(r for r in transaction.recipients if r != ending)
    with service.load() as load:
        load.wait_for(10)
        ballast = fill(disk, leave=0)
        service.wait_until(lambda: service.queue_names().count("deferred") > 5, "deferred mail")
        assert "mailboxes=1" in service.stack.manage("purge")
    ballast.unlink()
    service.settle_and_audit()


def test_queue_disk_full(small_queue: Service) -> None:
    service, spool = small_queue, small_queue.stack.state_dir / "spool"
    service.retry(SOON)
    with service.load() as load:
        load.wait_for(10)
        ballast = fill(spool, leave=MEGABYTE)
        load.wait_for(10, Outcome.REFUSED)
        with connect(service.stack.smtp_port) as client:
            assert client.mail("somebody@example.org")[0] == 452
        assert _purges(service)
        ballast.unlink()
        load.wait_for(10)
        ballast = fill(spool, leave=2 * MEGABYTE + 100_000)  # full in the middle of a message
        load.wait_for(5, Outcome.REFUSED)
        ballast.unlink()
        load.wait_for(10)
    service.settle_and_audit()


def test_database_disk_full(small_database: Service, tmp_path: Path) -> None:
    service, disk = small_database, tmp_path / "disk"
    service.retry(NEVER)
    with service.load() as load:
        load.wait_for(10)
        ballast = fill(disk, leave=0)
        service.wait_until(lambda: service.queue_names().count("deferred") > 5, "deferred mail")
    ballast.unlink()
    service.settle_and_audit()


def test_database_disk_filled_by_mail(small_database: Service) -> None:
    service = small_database
    service.retry(NEVER)
    for number in range(60):
        service.send_to(service.addresses[number % 4], size=900_000)
        service.wait_until(lambda: not _on_its_way(service), "an attempt")
        if service.queue_names():
            break
    assert service.queue_names(), "the disk never became full"
    # The purge makes room, and then what waits is stored: nobody kicks it.
    ending = service.addresses[0]
    service.inside("end", service.tokens.pop(ending))
    for transaction in service.ledger.transactions:
        transaction.recipients = tuple(r for r in transaction.recipients if r != ending)
    service.send_to(service.addresses[0], size=900_000)
    service.wait_until(lambda: service.queue_names() == ["deferred"] * 2, "deferred mail")
    assert "mailboxes=1" in service.stack.manage("purge")
    service.settle_and_audit()


def _begun(stack: Stack) -> Service:
    service = Service(stack)
    service.begin()
    return service


def _on_its_way(service: Service) -> bool:
    return bool({"active", "incoming"} & set(service.queue_names()))


def _purges(service: Service) -> bool:
    """Whether a mailbox whose time is over can be removed now."""
    (token,) = service.inside("make", 1).values()
    service.inside("end", token)
    printed = service.stack.manage("purge")
    match = re.match(r"mailboxes=(\d+)", printed)
    return bool(match and int(match[1]))
