"""Serves Postfix's policy questions: many persistent connections, one thread, one database one."""

import contextlib
import logging
import selectors
import socket
from collections.abc import Callable, Mapping

from delivery import policy

logger = logging.getLogger(__name__)

Judge = Callable[[Mapping[str, str]], str]
MAX_CONNECTIONS = 1000  # a process; smtpd(8) keeps one each, beyond it they wait in the backlog
CHUNK = 16 * 1024  # bytes


class PolicyServer:
    """One thread's loop over the policy socket."""

    def __init__(self, listener: socket.socket, judge: Judge) -> None:
        self._listener, self._judge = listener, judge
        self._buffers: dict[socket.socket, bytearray] = {}
        self._selector = selectors.DefaultSelector()
        self._accepting = False
        self._stopped, self._stop = socket.socketpair()

    def stop(self) -> None:
        """From any thread: what was asked is answered, then `run` returns."""
        self._stop.sendall(b"x")

    def run(self) -> None:
        """Serves until `stop`."""
        self._selector.register(self._stopped, selectors.EVENT_READ)
        self._accept_more()
        while not self._round(None):
            self._accept_more()
        self._accept_no_more()
        self._round(0)
        for client in list(self._buffers):
            self._drop(client)
        for one in (self._selector, self._stopped, self._stop):
            one.close()

    def _round(self, timeout: float | None) -> bool:
        """Serves whoever is ready; True once `stop` was called."""
        ready = [key.fileobj for key, _ in self._selector.select(timeout)]
        for fileobj in ready:
            if fileobj is self._listener:
                self._accept()
            elif isinstance(fileobj, socket.socket) and fileobj in self._buffers:
                self._read(fileobj)
        return self._stopped in ready

    def _accept(self) -> None:
        # Another process may have been faster: then there is nothing to accept (EAGAIN).
        with contextlib.suppress(OSError):
            client, _ = self._listener.accept()
            client.setblocking(False)
            self._buffers[client] = bytearray()
            self._selector.register(client, selectors.EVENT_READ)
            if len(self._buffers) == MAX_CONNECTIONS:
                self._accept_no_more()

    def _accept_more(self) -> None:
        if not self._accepting and len(self._buffers) < MAX_CONNECTIONS:
            self._selector.register(self._listener, selectors.EVENT_READ)
            self._accepting = True

    def _accept_no_more(self) -> None:
        if self._accepting:
            self._selector.unregister(self._listener)
            self._accepting = False

    def _drop(self, client: socket.socket) -> None:
        del self._buffers[client]
        self._selector.unregister(client)
        client.close()

    def _read(self, client: socket.socket) -> None:
        try:
            data = client.recv(CHUNK)
            if not data:
                self._drop(client)
                return
            self._buffers[client] += data
            self._answer_all(client, self._buffers[client])
        except BlockingIOError:
            return
        except (OSError, policy.PolicyError) as error:
            logger.warning("a policy connection was dropped: %s", type(error).__name__)
            self._drop(client)

    def _answer_all(self, client: socket.socket, buffer: bytearray) -> None:
        while (end := buffer.find(b"\n\n")) >= 0:
            request = bytes(buffer[:end])
            del buffer[: end + 2]
            client.sendall(policy.answer(self._judge(policy.parse(request))))
        if len(buffer) > policy.MAX_REQUEST:
            raise policy.PolicyError("request too long")
