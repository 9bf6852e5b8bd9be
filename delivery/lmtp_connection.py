"""One LMTP client on its socket: lmtp(8), which sends many messages on a connection."""

import contextlib
import re
import socket
import time

from delivery import lmtp, protocol
from delivery.connections import CHUNK, ClientGoneError, Connection
from delivery.protocol import Request

IDLE_SECONDS = 60.0  # between commands; lmtp(8) keeps an idle connection for 2
DATA_SECONDS = 60.0  # for a message to arrive

# In the Received line that Postfix puts on top (smtpd(8), pickup(8)); for our log only.
_QUEUE_ID = re.compile(rb"\(Postfix[^()]*\)[^()]{0,40}?\bid ([0-9A-Za-z]{5,20})\b")


class LmtpConnection(Connection):
    """Stays open after an answer; `receive` also goes on with what the client sent meanwhile."""

    def __init__(self, client: socket.socket, listener: socket.socket, limits: lmtp.Limits) -> None:
        super().__init__(client, listener, time.monotonic() + IDLE_SECONDS)
        self._session = lmtp.Session(limits)
        self._in_data = False
        self._answers = 0

    @property
    def held(self) -> int:
        """Bytes of what has not been handed on."""
        return len(self._session.buffer)

    @property
    def is_idle(self) -> bool:
        """Whether nothing has begun that a stop would have to wait for."""
        return not (self._session.in_transaction or self._session.buffer)

    @property
    def is_waiting(self) -> bool:
        """Not so after QUIT, or between messages: unused connections are simply closed."""
        idle = self._answers > 0 and not self._session.in_transaction
        return not (self._session.closing or idle)

    def receive(self) -> bool:
        """Takes what has arrived; True when a message is complete. Raises as `Connection` does."""
        with contextlib.suppress(BlockingIOError):
            data = self.socket.recv(CHUNK)
            if not data:
                raise ClientGoneError
            self._session.buffer += data
        self._session.advance()
        self._set_deadline()
        self._send()
        if self._session.closing:
            raise ClientGoneError
        return self._session.message is not None

    def take_request(self) -> Request:
        """The complete message."""
        message = self._session.message
        if message is None:
            raise protocol.ProtocolError("incomplete")
        match = _QUEUE_ID.search(message.body, 0, 1000)
        queue_id = match[1].decode() if match else "unknown"
        # No size is declared that could show a cut message: without its last line none is complete.
        return Request(queue_id, 0, message.sender, message.recipients, message.body)

    def answer(self, line: bytes) -> bool:
        """One reply for each recipient; False when nobody was there to read them."""
        self._session.answer(lmtp.STORED if line == protocol.STORED else lmtp.LATER)
        self._answers += 1
        if self.draining:
            self._session.close()
        self._in_data = False
        try:
            self._send()
        except OSError:
            self.close()
            return False
        if self._session.closing:
            self.close()
        return True

    def refuse(self) -> None:
        """A temporary failure, and the end."""
        self._session.close()
        with contextlib.suppress(OSError):
            self._send()
        self.close()

    def _set_deadline(self) -> None:
        now = time.monotonic()
        if not self._session.in_data:
            self.deadline = now + IDLE_SECONDS
        elif not self._in_data:  # it has just begun: the whole message has to come in time
            self.deadline = now + DATA_SECONDS
        self._in_data = self._session.in_data

    def _send(self) -> None:
        output, self._session.output = self._session.output, bytearray()
        # All replies of a round in one send(2). A client that lets hundreds of KB of them lie is
        # none that waits for its answers: it is dropped instead of being buffered for.
        if output and self.socket.send(output) < len(output):
            raise BrokenPipeError
