"""A running instance with mailboxes of its own, and what every fault test does with it: load, settle, audit."""

import contextlib
import itertools
import json
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from deploy.local.servers import PostgreSQL
from deploy.local.stack import Stack
from tests.faults import victims
from tests.faults.ledger import Found, Ledger, Transaction
from tests.faults.load import Load, connect, send

DEADLINE = 90.0
POOL = 120  # mailboxes, made at once
PER_LOAD = 4
INSIDE = Path(__file__).with_name("inside.py")
LEAVES = re.compile(
    r"status=(?:bounced|expired|undeliverable)|non-delivery notification|postfix/(?:smtp|local|virtual)\["
    r"|relay=(?!tempmail|none|[^ ]*lmtp\.sock)[^ ]*,"
)
SOON = {"minimal_backoff_time": "3s", "maximal_backoff_time": "6s", "queue_run_delay": "3s"}
NEVER = {"minimal_backoff_time": "1h", "maximal_backoff_time": "1h", "queue_run_delay": "1h"}


class Service:
    """`transport` is the name of the service in master.cf; `postgresql` is its database server, if it has one."""

    def __init__(self, stack: Stack, postgresql: PostgreSQL | None = None) -> None:
        self.stack, self.postgresql = stack, postgresql
        self._tokens: Iterator[tuple[str, str]] = iter(self.inside("make", POOL).items())
        self._audited = 0  # messages that earlier audits have accounted for
        self.ledger, self.tokens = Ledger(), dict[str, str]()

    def inside(self, command: str, argument: object) -> Any:
        """Run one function of inside.py."""
        done = subprocess.run(
            [sys.executable, str(INSIDE), command],
            check=False,
            input=json.dumps(argument),
            capture_output=True,
            text=True,
            env=self.stack.env,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def begin(self) -> None:
        """A new ledger and new mailboxes, whatever an earlier test has left."""
        self.ledger, self.tokens = Ledger(), dict(itertools.islice(self._tokens, PER_LOAD))
        self._audited = self.inside("read", {})["total"]

    @property
    def addresses(self) -> list[str]:
        """The mailboxes of this test."""
        return list(self.tokens)

    def load(self, sessions: int = 5) -> Load:
        """A load on the mailboxes of this test."""
        return Load(self.stack.smtp_port, self.addresses, self.ledger, sessions)

    def retry(self, settings: dict[str, str]) -> None:
        """How soon Postfix tries again by itself: SOON, or NEVER, and then all depends on the worker's flush."""
        wanted = [f"{name} = {value}" for name, value in settings.items()]
        if self.stack.postfix.run("postconf", *settings).split("\n")[:-1] == wanted:
            return
        before = set(victims.daemons(self.stack, "qmgr"))
        self.stack.postfix.reload(**settings)
        self.wait_until(lambda: not before & set(victims.daemons(self.stack, "qmgr")), "a new qmgr")

    @contextlib.contextmanager
    def master_cf(self, old: str, new: str) -> Iterator[None]:
        """Another text in master.cf for a while, as a wrong change by an operator."""
        path = self.stack.postfix.config / "master.cf"
        text = path.read_text()
        assert old in text
        self._install(path, text.replace(old, new))
        try:
            yield
        finally:
            self._install(path, text)

    @contextlib.contextmanager
    def interpreter(self, lines: str) -> Iterator[None]:
        """The script runs under a shell script of these lines, which gets interpreter and arguments as `$@`."""
        wrapper = self.stack.state_dir / "bin" / "wrapper"
        wrapper.write_text(f"#!/bin/sh\n{lines}\n")
        wrapper.chmod(0o755)
        with self.master_cf("argv=", f"argv={wrapper} "):
            yield
        wrapper.unlink()

    def _install(self, path: Path, text: str) -> None:
        before = set(victims.daemons(self.stack, "qmgr"))
        path.write_text(text)
        self.stack.postfix.child.send_signal(signal.SIGHUP)
        self.wait_until(lambda: not before & set(victims.daemons(self.stack, "qmgr")), "a new qmgr")

    def send(self, size: int = 5_000, recipients: int = 1) -> Transaction:
        """One message to the first mailboxes, answered 250."""
        return self.send_to(*self.addresses[:recipients], size=size)

    def send_to(self, *recipients: str, size: int) -> Transaction:
        """One message, answered 250."""
        transaction = self.ledger.begin(recipients, size)
        with connect(self.stack.smtp_port) as client:
            assert send(client, transaction, self.ledger), transaction.reply
        return transaction

    def queue_names(self) -> list[str]:
        """Which queue each message is in."""
        return [entry["queue_name"] for entry in self.queue()]

    def queue(self) -> list[dict[str, Any]]:
        """What Postfix has, one entry for each message."""
        lines = self.stack.postfix.run("postqueue", "-j").splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]

    def settle(self) -> float:
        """Wait until the queue is empty; kicks nothing. Returns the seconds that it took."""
        began = time.monotonic()
        # Twice: a message that changes directories while they are listed can be missed once.
        self.wait_until(lambda: not self.queue() and not self.queue(), "an empty queue")
        took = time.monotonic() - began
        print(f"settled after {took:.1f} s: {self.ledger}")
        return took

    def audit(self) -> None:
        """Every message that was answered 250 is there once and whole, and nothing has left."""
        answer = self.inside("read", self.tokens)
        found = [Found(*line) for line in answer["found"]]
        self.ledger.check(found, self.trace)
        assert answer["total"] - self._audited == len(found), "mail went into a stranger's mailbox"
        self.check_nothing_leaves()

    def settle_and_audit(self) -> None:
        """What ends nearly every test."""
        self.settle()
        self.audit()

    def check_nothing_leaves(self) -> None:
        """No bounce, no other transport, no foreign recipient, no connection to anybody's port 25 (G2)."""
        leaving = [line for line in self.mail_log().splitlines() if LEAVES.search(line)]
        assert not leaving, "\n".join(leaving[:5])
        recipients = [r["address"] for entry in self.queue() for r in entry["recipients"]]
        assert [r for r in recipients if not r.endswith("@tempmail.test")] == []
        assert ":0019 " not in _remote_addresses(), "a connection to a port 25"

    def mail_log(self) -> str:
        """Postfix's log, from memory."""
        log = self.stack.postfix.log_file
        return log.read_text(errors="replace") if log.exists() else ""

    def worker_log(self) -> str:
        """What the worker has printed."""
        return self.stack.processes["worker"].log.read_text(errors="replace")

    def trace(self, queue_id: str) -> str:
        """The log's lines about a message."""
        lines = [*self.mail_log().splitlines(), *self.worker_log().splitlines()]
        return "\n".join(f"    {line}" for line in lines if queue_id and queue_id in line)

    def wait_until(self, condition: Callable[[], object], what: str) -> None:
        """Wait for an event, with a generous deadline; a failure shows the queue."""
        deadline = time.monotonic() + DEADLINE
        while not condition():
            assert time.monotonic() < deadline, f"waited in vain for {what}\n{self._state()}"
            time.sleep(0.05)

    def _state(self) -> str:
        entries = self.queue()
        counted = Counter(entry["queue_name"] for entry in entries)
        lines = [f"queue: {dict(counted)}; {self.ledger}"]
        lines += [self.trace(entry["queue_id"]) for entry in entries[:3]]
        return "\n".join([*lines, *self.mail_log().splitlines()[-15:]])

    @contextlib.contextmanager
    def without_database(self) -> Iterator[None]:
        """Stop PostgreSQL as a crash would, and start it again."""
        assert self.postgresql
        self.postgresql.stop_immediately()
        try:
            yield
        finally:
            self.postgresql.start()


def _remote_addresses() -> str:
    """The remote address of every TCP socket, one a line, in hexadecimal (proc(5), net/tcp)."""
    tables = [Path("/proc/net/tcp").read_text(), Path("/proc/net/tcp6").read_text()]
    rows = [line.split() for table in tables for line in table.splitlines()[1:]]
    return "\n".join(f"{row[2]} " for row in rows)
