"""A real delivery worker with its own SQLite database, sockets and processes, for the tests."""

import contextlib
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from delivery import protocol
from tempmail_site import secrets_file

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "delivery" / "deliver.py"
MANAGE = [str(ROOT / "manage.py"), "run_delivery"]
BREAKABLE = [str(ROOT / "tests" / "journey" / "worker_entry.py")]
PREPARE = """
import django
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from mailboxes.services import creation, domains
domains.add("tempmail.test")
print(creation.create(domain="tempmail.test").address)
"""
DEADLINE = 60.0


def wait_for(condition: Callable[[], object]) -> None:
    """Returns once the condition holds; fails after a minute."""
    end = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


class WorkerStack:
    """Start it, deliver to it, look into its database, kill its processes."""

    def __init__(self, entry: list[str], **environment: str) -> None:
        # Short and open to everybody: socket paths end at 107 bytes, other users connect.
        self.directory = Path(tempfile.mkdtemp(prefix="tm", dir="/tmp"))
        self.directory.chmod(0o755)
        self._entry = [sys.executable, *entry]
        own = {"DATABASE_URL", *secrets_file.NAMES}
        inherited = {k: v for k, v in os.environ.items() if k not in own}
        self.environment = inherited | {
            "DATA_DIR": str(self.directory),
            "STATE_DIR": str(self.directory),
            "DJANGO_SETTINGS_MODULE": "tempmail_site.settings",
            "DELIVERY_PROCESSES": "2",
            "PARSE_TIME_LIMIT": "1",
            # the load of a test asks for one recipient more often than a mailbox may get mail
            "MAILBOX_MAX_MESSAGES": "1000000",
            **environment,
        }
        self.log = self.directory / "worker.log"
        self.address = self._prepare()
        self.process: subprocess.Popen[bytes] | None = None

    def _prepare(self) -> str:
        path = self.directory / "secrets.env"
        ensure = [sys.executable, "-m", "tempmail_site.secrets_file", str(path)]
        subprocess.run(ensure, cwd=ROOT, check=True)
        prepare = [sys.executable, "-c", PREPARE]
        done = subprocess.run(
            prepare, cwd=ROOT, env=self.environment, check=True, stdout=subprocess.PIPE, text=True
        )
        return done.stdout.strip()

    @property
    def socket(self) -> Path:
        """Where deliveries go."""
        return self.directory / "spool" / "tempmail" / "delivery.sock"

    @property
    def policy_socket(self) -> Path:
        """Where smtpd(8) asks."""
        return self.directory / "spool" / "tempmail" / "policy.sock"

    def start(self) -> None:
        """Returns when the worker answers a ping."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self._entry, cwd=ROOT, env=self.environment, stdout=log, stderr=log
            )
        wait_for(self.answers)

    def answers(self) -> bool:
        """Whether it answers a ping."""
        return protocol.ping(self.socket, 5)

    @property
    def pid(self) -> int:
        """The supervisor's process id."""
        assert self.process
        return self.process.pid

    def children(self) -> list[int]:
        """Process ids of the workers."""
        path = Path(f"/proc/{self.pid}/task/{self.pid}/children")
        return [int(pid) for pid in path.read_text().split()]

    def stop(self) -> int:
        """SIGTERM; gives the exit code."""
        assert self.process
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(DEADLINE)

    def close(self) -> None:
        """Ends all of it and removes its files."""
        if self.process and self.process.poll() is None:
            self.stop()
        shutil.rmtree(self.directory)

    def send(
        self, name: str, text: str = "hello", recipient: str = ""
    ) -> "subprocess.Popen[bytes]":
        """Starts the script with a message that this name tells from others."""
        arguments = [name, "100", "sender@example.org", recipient or self.address]
        line = [sys.executable, "-I", "-S", "-E", str(SCRIPT), str(self.socket), *arguments]
        with tempfile.TemporaryFile() as message:
            message.write(f"Received: by mx id {name}\nSubject: {name}\n\n{text}\n".encode())
            message.seek(0)
            return subprocess.Popen(line, stdin=message, stdout=subprocess.DEVNULL)

    def deliver(self, name: str, text: str = "hello") -> int:
        """Runs the script to its end; gives its exit code."""
        return self.send(name, text).wait(DEADLINE)

    def deliver_as_postfix(self, name: str, text: str = "hello") -> int:
        """Tries again while the answer is 75; gives the number of tries."""
        tries = 1
        end = time.monotonic() + DEADLINE
        while (code := self.deliver(name, text)) != 0:
            assert code == 75
            assert time.monotonic() < end, "never stored"
            tries += 1
        return tries

    def ask(self, recipient: str) -> bytes:
        """One policy question; as smtpd(8) does, once more when a process ends before it is asked (try_limit=2)."""
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            if answer := self._ask(recipient):
                return answer
        return self._ask(recipient)

    def _ask(self, recipient: str) -> bytes:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(DEADLINE)
            client.connect(str(self.policy_socket))
            request = f"request=smtpd_access_policy\nprotocol_state=RCPT\nrecipient={recipient}\n\n"
            client.sendall(request.encode())
            return client.recv(1000)

    def query(self, sql: str) -> list[tuple[object, ...]]:
        """Straight from the database file."""
        database = sqlite3.connect(self.directory / "db.sqlite3")
        try:
            return database.execute(sql).fetchall()
        finally:
            database.close()

    def stored(self) -> int:
        """How many messages there are."""
        return len(self.query("SELECT id FROM mailboxes_message"))

    def unparsed(self) -> int:
        """How many of them no parser could read."""
        return len(self.query("SELECT id FROM mailboxes_message WHERE partial"))
