"""The connections of one process: bytes gathered until a request is complete."""

import contextlib
import socket
from abc import ABC, abstractmethod

from delivery import protocol
from delivery.protocol import Frame, Request

CHUNK = 256 * 1024  # bytes read from one connection before the others have their turn


class ClientGoneError(Exception):
    """The client closed its end, or has been told that we close ours."""


class Connection(ABC):
    """A client on its non-blocking socket, as the loop of `DeliveryServer` sees it."""

    def __init__(self, client: socket.socket, listener: socket.socket, deadline: float) -> None:
        """`deadline`: monotonic seconds by which what is awaited must have arrived."""
        self.socket, self.listener, self.deadline = client, listener, deadline
        self.closed = self.draining = False

    @property
    @abstractmethod
    def held(self) -> int:
        """Bytes in memory of what is not complete."""

    @abstractmethod
    def receive(self) -> bool:
        """Takes what has arrived; True when that completes a request or a ping.

        Raises ClientGoneError, ProtocolError, or OSError for a broken connection.
        """

    @abstractmethod
    def take_request(self) -> Request:
        """The complete request; its bytes leave the buffer. Raises ProtocolError."""

    @abstractmethod
    def answer(self, line: bytes) -> bool:
        """Sends the answer (a line of protocol.py); False when nobody was there to read it."""

    @abstractmethod
    def refuse(self) -> None:
        """Answers that nothing was stored, and closes. Never raises."""

    @property
    def is_ping(self) -> bool:
        """Whether this asks for our health."""
        return False

    @property
    def is_idle(self) -> bool:
        """Whether a stop need not wait for this client."""
        return False

    @property
    def is_waiting(self) -> bool:
        """Whether a message may be left in Postfix's queue if the client goes now."""
        return self.held > 0

    def drain(self) -> None:
        """The process stops: no further request after the one under way."""
        self.draining = True

    def is_gone(self) -> bool:
        """Whether the client has given up waiting."""
        try:
            return not self.socket.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            return False
        except OSError:
            return True

    def close(self) -> None:
        """Closes the socket. Never raises."""
        self.closed = True
        with contextlib.suppress(OSError):
            self.socket.close()


class ScriptConnection(Connection):
    """One script (delivery/deliver.py), or one asker after our health: one request, one answer."""

    def __init__(
        self, client: socket.socket, listener: socket.socket, deadline: float, max_body: int
    ) -> None:
        super().__init__(client, listener, deadline)
        self._max_body = max_body
        self._buffer = bytearray()
        self._frame: Frame | None = None

    @property
    def held(self) -> int:
        """Bytes of the request that have arrived."""
        return len(self._buffer)

    def receive(self) -> bool:
        """Takes what has arrived; see `Connection`."""
        with contextlib.suppress(BlockingIOError):
            data = self.socket.recv(CHUNK)
            if not data:
                raise ClientGoneError
            self._buffer += data
        if self.is_ping:
            return True
        if self._frame is None:
            self._frame = protocol.read_frame(self._buffer, self._max_body)
        if self._frame and len(self._buffer) > self._frame.total:
            raise protocol.ProtocolError("more than was declared")
        return self._frame is not None and len(self._buffer) == self._frame.total

    @property
    def is_ping(self) -> bool:
        """Whether this asks for our health."""
        return self._buffer == protocol.PING

    def take_request(self) -> Request:
        """The complete request; see `Connection`."""
        if self._frame is None:
            raise protocol.ProtocolError("incomplete")
        request = protocol.decode(self._buffer, self._frame)
        self._buffer = bytearray()
        return request

    def answer(self, line: bytes) -> bool:
        """Sends the one answer and closes; see `Connection`."""
        try:
            self.socket.sendall(line)
        except OSError:
            return False
        finally:
            self.close()
        return True

    def refuse(self) -> None:
        """Asks for another try."""
        self.answer(protocol.LATER)
