"""The framing between the script that pipe(8) runs and the worker.

A request is `DELIVER1 <head bytes> <body bytes>\\n`, the head (queue id, size, sender, recipients
with NUL between them: no argument of a process can hold one), the body, and one last byte `.`
without which nothing is complete. The answer is one line, given after the commit.
"""

import contextlib
import socket
from dataclasses import dataclass
from pathlib import Path

DELIVER = b"DELIVER1"
PING = b"PING\n"
PONG = b"PONG\n"
STORED = b"STORED\n"
LATER = b"LATER\n"
END = b"."
MAX_GREETING = 64  # bytes, with the line end
MAX_HEAD = 256 * 1024  # bytes; a recipient has at most 320 (RFC 5321 4.5.3.1), pipe(8) sends 50


class ProtocolError(Exception):
    """What arrived is not a request, or one beyond the limits."""


@dataclass(frozen=True, slots=True)
class Request:
    """One complete delivery as the script handed it over."""

    queue_id: str
    size: int  # bytes, Postfix's own idea of it, approximate (pipe(8), ${size})
    sender: str
    recipients: tuple[str, ...]
    body: bytes


@dataclass(frozen=True, slots=True)
class Frame:
    """Where the parts of a request lie in what was received, in bytes."""

    greeting: int
    head: int
    body: int

    @property
    def total(self) -> int:
        """Bytes of the whole request."""
        return self.greeting + self.head + self.body + len(END)


def encode(request: Request) -> bytes:
    """The bytes of a request; deliver.py makes the same."""
    fields = (request.queue_id, str(request.size), request.sender, *request.recipients)
    head = "\0".join(fields).encode("utf-8", "surrogateescape")
    greeting = b"%b %d %d\n" % (DELIVER, len(head), len(request.body))
    return greeting + head + request.body + END


def read_frame(data: bytes | bytearray, max_body: int) -> Frame | None:
    """What the first line declares; None while it is incomplete. Raises ProtocolError."""
    end = data.find(b"\n", 0, MAX_GREETING)
    if end < 0:
        if len(data) >= MAX_GREETING:
            raise ProtocolError("greeting too long")
        return None
    words = bytes(data[:end]).split(b" ")
    if len(words) != 3 or words[0] != DELIVER or not (words[1].isdigit() and words[2].isdigit()):
        raise ProtocolError("unknown greeting")
    frame = Frame(end + 1, int(words[1]), int(words[2]))
    if frame.head > MAX_HEAD or frame.body > max_body:
        raise ProtocolError("beyond the limits")
    return frame


def decode(data: bytes | bytearray, frame: Frame) -> Request:
    """The request in complete data. Raises ProtocolError."""
    body_at = frame.greeting + frame.head
    if len(data) != frame.total or not data.endswith(END):
        raise ProtocolError("no end where it was declared")
    head = bytes(data[frame.greeting : body_at]).decode("utf-8", "surrogateescape")
    fields = head.split("\0")
    if len(fields) < 4:
        raise ProtocolError("no recipient")
    queue_id, size, sender, *recipients = fields
    declared = int(size) if size.isascii() and size.isdigit() and len(size) < 20 else 0
    body = bytes(memoryview(data)[body_at:-1])
    return Request(queue_id, declared, sender, tuple(recipients), body)


def ping(socket_path: str | Path, timeout_seconds: float) -> bool:
    """Whether a worker answers there within the time and its database answers it. Never raises."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as worker:
        worker.settimeout(timeout_seconds)
        worker.connect(str(socket_path))
        worker.sendall(PING)
        return worker.recv(16) == PONG
    return False
