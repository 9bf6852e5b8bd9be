"""Clients that do harm, and one that does not, as plain SMTP over sockets."""

import socket
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from deploy.local.stack import Stack

TIMEOUT = 60
BODY = b"From: bomb@example.org\r\nSubject: bomb\r\n\r\nboom\r\n.\r\n"


class Client:
    """One connection; replies are read one at a time, also when commands are sent together."""

    def __init__(self, stack: Stack, source: str = "127.0.0.1", timeout: float = TIMEOUT) -> None:
        address = ("127.0.0.1", stack.smtp_port)
        self.socket = socket.create_connection(address, timeout, source_address=(source, 0))
        self._file = self.socket.makefile("rb")
        self.greeting = self.code()

    def code(self) -> int:
        """The code of the next reply; 0 when the server has hung up."""
        try:
            while line := self._file.readline():
                if line[3:4] == b" ":
                    return int(line[:3])
        except OSError:
            return 0
        return 0

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def command(self, line: str) -> int:
        """The code of the answer; 0 when the server has hung up."""
        try:
            self.send(line.encode() + b"\r\n")
        except OSError:
            return 0
        return self.code()

    def deliver(self, recipient: str, data: bytes = BODY) -> int:
        """One transaction, commands sent together (RFC 2920); the code that decided."""
        self.send(b"RSET\r\nMAIL FROM:<s@example.org>\r\nRCPT TO:<%b>\r\n" % recipient.encode())
        codes = [self.code(), self.code(), self.code()]
        if codes != [250, 250, 250]:
            return next(code for code in codes if code != 250)
        if self.command("DATA") != 354:
            return 0
        self.send(data)
        return self.code()

    def close(self) -> None:
        self._file.close()
        self.socket.close()


def greeted(stack: Stack, source: str = "127.0.0.1") -> Client:
    """A client that has said EHLO."""
    client = Client(stack, source)
    assert client.greeting == 220
    assert client.command("EHLO client.example.org") == 250
    return client


def reload(stack: Stack, **settings: str) -> None:
    """Change settings of Postfix, and return when none of its smtpd(8) has the old ones.

    A new client would keep an old process from noticing that it is to end, so there is none meanwhile.
    """
    old = smtpd_pids(stack)
    stack.postfix.reload(**settings)
    end = time.monotonic() + TIMEOUT
    while old & smtpd_pids(stack):
        assert time.monotonic() < end, "an old smtpd stays"
        time.sleep(0.1)


def smtpd_pids(stack: Stack) -> set[int]:
    """The processes that serve clients."""
    master = stack.postfix.child.pid
    children = Path(f"/proc/{master}/task/{master}/children").read_text().split()
    return {int(pid) for pid in children if _name(pid) == "smtpd"}


def _name(pid: str) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


@dataclass
class Bomb:
    """Sends to one address over a few connections until it has tried `messages` times."""

    stack: Stack
    recipient: str
    messages: int
    connections: int = 4
    codes: Counter[int] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._threads = [threading.Thread(target=self._run) for _ in range(self.connections)]
        self._lock = threading.Lock()
        self._left = self.messages

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    @property
    def is_running(self) -> bool:
        return any(thread.is_alive() for thread in self._threads)

    def join(self) -> None:
        for thread in self._threads:
            thread.join()

    def _take(self) -> bool:
        with self._lock:
            self._left -= 1
            return self._left >= 0

    def _run(self) -> None:
        client = greeted(self.stack)
        while self._take():
            code = client.deliver(self.recipient)
            if code in (0, 421):  # cut off for its errors: the bomber connects again
                client.close()
                client = greeted(self.stack)
            with self._lock:
                self.codes[code] += 1
        client.close()


def drip(client: Client, byte: bytes, seconds: float) -> bool:
    """Send one byte a second; whether the server cut it off within this time."""
    end = time.monotonic() + seconds
    client.socket.settimeout(1)
    while time.monotonic() < end:
        try:
            client.send(byte)
            answer = client.socket.recv(1000)
        except TimeoutError:
            continue
        except OSError:
            return True
        if not answer or answer.startswith(b"421"):
            return True
    return False
