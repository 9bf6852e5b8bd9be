"""The delivery connections of one process: bytes gathered until a request is complete."""

import contextlib
import socket
from dataclasses import dataclass, field

from delivery import protocol
from delivery.protocol import Frame, Request

CHUNK = 256 * 1024  # bytes read from one connection before the others have their turn


class ClientGoneError(Exception):
    """The script closed its end: it timed out or died, and Postfix will try again."""


@dataclass(slots=True, eq=False)
class Connection:
    """One script, or one asker after our health, on its non-blocking socket."""

    socket: socket.socket
    deadline: float  # monotonic seconds by which all must have arrived
    buffer: bytearray = field(default_factory=bytearray)
    frame: Frame | None = None

    def receive(self, max_body: int) -> bool:
        """Takes what has arrived; True when that completes a request or a ping.

        Raises ClientGoneError, ProtocolError, or OSError for a broken connection.
        """
        with contextlib.suppress(BlockingIOError):
            data = self.socket.recv(CHUNK)
            if not data:
                raise ClientGoneError
            self.buffer += data
        if self.is_ping:
            return True
        if self.frame is None:
            self.frame = protocol.read_frame(self.buffer, max_body)
        if self.frame and len(self.buffer) > self.frame.total:
            raise protocol.ProtocolError("more than was declared")
        return self.frame is not None and len(self.buffer) == self.frame.total

    @property
    def is_ping(self) -> bool:
        """Whether this asks for our health."""
        return self.buffer == protocol.PING

    def take_request(self) -> Request:
        """The complete request; its bytes leave the buffer. Raises ProtocolError."""
        if self.frame is None:
            raise protocol.ProtocolError("incomplete")
        request = protocol.decode(self.buffer, self.frame)
        self.buffer = bytearray()
        return request

    def is_gone(self) -> bool:
        """Whether the script has given up waiting."""
        try:
            return not self.socket.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            return False
        except OSError:
            return True

    def answer(self, line: bytes) -> bool:
        """Sends the one answer and closes; False when nobody was there to read it."""
        try:
            self.socket.sendall(line)
        except OSError:
            return False
        finally:
            self.socket.close()
        return True
