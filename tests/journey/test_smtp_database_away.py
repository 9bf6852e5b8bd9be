"""The database goes away as in a crash, before and after RCPT, and comes back: nothing is refused for good or lost."""

import os
import shutil
import smtplib
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local import ports
from deploy.local.servers import PostgreSQL
from deploy.local.stack import Stack
from tests.journey import probe


@pytest.fixture(scope="module")
def postgresql() -> Iterator[PostgreSQL]:
    """A PostgreSQL of its own, which other tests do not need."""
    with tempfile.TemporaryDirectory(prefix="tempmail-postgresql-") as scratch:
        Path(scratch).chmod(0o755)  # it runs as its own user
        with PostgreSQL(Path(scratch) / "cluster", dict(os.environ)) as server:
            yield server


@pytest.fixture(scope="module")
def own_stack(postgresql: PostgreSQL, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A whole instance on that database."""
    data_dir: Path = tmp_path_factory.mktemp("data")
    with Stack(data_dir, ports.free(), ports.free(), postgresql.url()) as running:
        yield running
    shutil.rmtree(running.state_dir)


def test_rcpt_is_answered_451_at_once_and_well_again_at_once(
    postgresql: PostgreSQL, own_stack: Stack
) -> None:
    address = probe.new_address(own_stack)
    assert probe.answer_to(own_stack, address)[0] == 250
    postgresql.stop_immediately()
    try:
        began = time.monotonic()
        code, text = probe.answer_to(own_stack, address)
        assert (code, text[:5]) == (451, "4.3.0")
        assert time.monotonic() - began < 5  # the promise of MAIL-PATH.md, not a measurement
        assert probe.answer_to(own_stack, "nobody-has-this@tempmail.test")[0] == 451
    finally:
        postgresql.start()
    assert probe.answer_to(own_stack, address)[0] == 250
    probe.wait_until(lambda: "refused:temporary" in timeline(own_stack, address))


def test_what_was_accepted_is_stored_once_when_the_database_is_back(
    postgresql: PostgreSQL, own_stack: Stack
) -> None:
    address = probe.new_address(own_stack)
    before = probe.stored(own_stack)
    with smtplib.SMTP("127.0.0.1", own_stack.smtp_port, timeout=30) as client:
        client.ehlo("client.example.org")
        client.mail(probe.SENDER)
        assert client.rcpt(address)[0] == 250
        postgresql.stop_immediately()
        try:
            assert client.data(b"Subject: in the meantime\r\n\r\nHello\r\n")[0] == 250
            probe.wait_until(lambda: "dsn=4." in own_stack.postfix.log_file.read_text())
            assert probe.queued(own_stack) == 1
        finally:
            postgresql.start()
    probe.wait_until(lambda: probe.queued(own_stack) == 0)
    assert probe.stored(own_stack) == before + 1
    told = ["accepted", "queued", "deferred:storage", "stored"]
    probe.wait_until(lambda: list(dict.fromkeys(timeline(own_stack, address))) == told)


def timeline(stack: Stack, address: str) -> list[str]:
    """What the owner of the address is told, the oldest first."""
    said: list[str] = probe.shell(
        stack,
        "from mailboxes.services import timeline\n"
        f"entries = timeline.of({address!r})\n"
        "print(json.dumps([':'.join(filter(None, (e.kind, e.reason))) for e in entries]))",
    )
    return said
