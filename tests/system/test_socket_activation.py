"""The worker behind sockets that systemd-socket-activate(1) opened: taken by their names, kept over reloads under load.

Needs neither root nor a systemd; what a restart by systemd does is in units/test_restarts.py.
"""

import os
import signal
import socket
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from delivery import protocol
from tempmail_site import secrets_file
from tests.system import machine
from tests.system.booted import wait_until

CHECKOUT = Path(__file__).resolve().parents[2]
QUESTION = (
    b"request=smtpd_access_policy\nprotocol_state=RCPT\nsender=a@example.org\n"
    b"recipient=nobody@tempmail.test\nclient_address=192.0.2.1\n\n"
)


@dataclass
class Worker:
    """One that runs, and what it tells systemd."""

    directory: Path
    process: "subprocess.Popen[bytes]"
    notices: socket.socket

    def path(self, name: str) -> Path:
        return self.directory / "tempmail" / f"{name}.sock"

    def told(self) -> list[str]:
        """What it has said since the last time."""
        found = []
        while True:
            try:
                found.append(self.notices.recv(4096).decode())
            except BlockingIOError:
                return found

    def question(self) -> str:
        """Ask as smtpd(8) does."""
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(60)
            client.connect(str(self.path("policy")))
            client.sendall(QUESTION)
            return client.recv(1000).decode()


@pytest.fixture
def worker() -> Iterator[Worker]:
    """A worker on SQLite, started by the first connection to one of its sockets."""
    machine.needs_programs("systemd-socket-activate")
    with (
        TemporaryDirectory(prefix="tm") as name,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notices,
    ):
        directory = Path(name)
        (directory / "tempmail").mkdir()
        notices.bind(f"{name}/notify")
        notices.setblocking(False)
        secrets_file.ensure(directory / "secrets.env")
        env = {
            **{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
            **dict.fromkeys(("DATA_DIR", "STATE_DIR", "QUEUE_DIRECTORY"), name),
            "DJANGO_SETTINGS_MODULE": "tempmail_site.settings",
            "DELIVERY_PROCESSES": "2",
            "REDIS_URL": f"unix://{name}/nowhere",
            "NOTIFY_SOCKET": f"{name}/notify",
            "WATCHDOG_USEC": "4000000",
            **dict.fromkeys(("CLIENT_RATE", "UNKNOWN_RECIPIENT_RATE"), "0"),
        }
        for words in (("migrate", "--verbosity", "0"), ("add_domain", "tempmail.test")):
            command = [sys.executable, "manage.py", *words]
            subprocess.run(command, check=True, cwd=CHECKOUT, env=env, capture_output=True)
        with subprocess.Popen(_activated(directory, env), cwd=CHECKOUT, env=env) as process:
            made = Worker(directory, process, notices)
            try:
                wait_until(lambda: made.path("lmtp").is_socket(), "the sockets")
                wait_until(lambda: protocol.ping(str(made.path("delivery")), 30), "the worker")
                yield made
            finally:
                process.terminate()
                process.wait(timeout=60)


def _activated(directory: Path, env: dict[str, str]) -> list[str]:
    names = ("delivery", "policy", "lmtp")
    sockets = [f"--listen={directory / 'tempmail' / name}.sock" for name in names]
    kept = [f"--setenv={name}" for name in env]
    program = [sys.executable, str(CHECKOUT / "manage.py"), "run_delivery"]
    return ["systemd-socket-activate", *sockets, f"--fdname={':'.join(names)}", *kept, *program]


def test_it_takes_each_socket_by_its_name(worker: Worker) -> None:
    assert "550 5.1.1" in worker.question()
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(worker.path("lmtp")))
        assert client.recv(100).startswith(b"220 ")
    assert "READY=1" in worker.told()
    # made by systemd-socket-activate and not bound anew
    assert sorted(path.name for path in worker.path("lmtp").parent.iterdir()) == [
        *("delivery.sock", "lmtp.sock", "policy.sock")
    ]


def test_reloads_under_load_refuse_nobody_and_are_told(worker: Worker) -> None:
    answers, stop = Counter[str](), threading.Event()

    def ask() -> None:
        while not stop.is_set():
            try:
                answers[worker.question()[:11]] += 1
                answers[f"ping {protocol.ping(str(worker.path('delivery')), 60)}"] += 1
            except OSError as error:
                answers[type(error).__name__] += 1

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(2):
            _reload(worker)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert set(answers) == {"action=550 ", "ping True"}
    assert worker.process.poll() is None


def _reload(worker: Worker) -> None:
    """Reload, until it says that it is ready again."""
    worker.told()
    heard: list[str] = []

    def is_ready() -> bool:
        heard.extend(each.splitlines()[0] for each in worker.told())
        return "RELOADING=1" in heard and "READY=1" in heard[heard.index("RELOADING=1") :]

    os.kill(worker.process.pid, signal.SIGHUP)
    wait_until(is_ready, "the reload")


def test_it_says_that_it_lives_and_that_it_stops(worker: Worker) -> None:
    wait_until(lambda: "WATCHDOG=1" in worker.told(), "its pulse")
    os.kill(worker.process.pid, signal.SIGTERM)
    assert worker.process.wait(timeout=60) == 0
    assert "STOPPING=1" in worker.told()
    # the sockets are systemd's: they stay
    assert worker.path("delivery").is_socket()
