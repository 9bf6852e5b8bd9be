"""Serves the delivery socket in one process: reads many connections at once, handles what is whole.

A script that hangs half way blocks nobody. What cannot be held is left in the listening socket's
backlog; when that is full, connect(2) fails and the script exits 75: back-pressure up to Postfix.
"""

import contextlib
import logging
import selectors
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from delivery import protocol
from delivery.connections import ClientGoneError, Connection
from delivery.protocol import Request

logger = logging.getLogger(__name__)

TICK = 1.0  # seconds between looks at deadlines when nothing happens


@dataclass(frozen=True, slots=True)
class Limits:
    """What one process takes on at a time."""

    body: int  # bytes of one message
    connections: int = 64
    buffered: int = 96 * 1024 * 1024  # bytes of incomplete requests
    accepts: int = 4  # in one round; the rest is left to processes that are idle
    receive_seconds: float = 30.0  # for a request to arrive; the script gives up after 20
    drain_seconds: float = 10.0  # for what has begun to arrive when told to stop


@dataclass(frozen=True, slots=True)
class Callbacks:
    """What the server does with what arrives; none of them may raise."""

    deliver: Callable[[Sequence[Request]], Iterator[bytes]]
    healthy: Callable[[], bool]
    unread: Callable[[], None]  # an answer, or a request, whose script had given up


class DeliveryServer:
    """One process's loop over the delivery socket, in its main thread."""

    def __init__(self, listener: socket.socket, limits: Limits, callbacks: Callbacks) -> None:
        self._listener, self._limits, self._do = listener, limits, callbacks
        self._selector = selectors.DefaultSelector()
        self._arriving: dict[socket.socket, Connection] = {}
        self._complete: list[Connection] = []
        self._watched: set[socket.socket] = set()

    def run(
        self, wakeup: socket.socket, stopping: Callable[[], bool], tick: Callable[[], None]
    ) -> None:
        """Serves until `stopping()` and all that had begun is answered.

        `wakeup` becomes readable when `stopping` may have changed; `tick` runs after each round.
        """
        self._selector.register(wakeup, selectors.EVENT_READ)
        while not stopping():
            self._watch({self._listener, *self._readable()} if self._has_room() else self._oldest())
            self._round(wakeup)
            tick()
        self._drain(wakeup)

    def _drain(self, wakeup: socket.socket) -> None:
        end = time.monotonic() + self._limits.drain_seconds
        while self._arriving and time.monotonic() < end:
            self._watch(set(self._arriving))
            self._round(wakeup)
        for connection in self._arriving.values():
            connection.answer(protocol.LATER)

    def _has_room(self) -> bool:
        held = sum(len(c.buffer) for c in self._arriving.values())
        return held < self._limits.buffered

    def _readable(self) -> set[socket.socket]:
        return set(self._arriving)

    def _oldest(self) -> set[socket.socket]:
        # Without room one connection still goes on: so there is always progress.
        return {next(iter(self._arriving))}

    def _watch(self, wanted: set[socket.socket]) -> None:
        if len(self._arriving) >= self._limits.connections:
            wanted.discard(self._listener)
        for one in self._watched - wanted:
            self._selector.unregister(one)
        for one in wanted - self._watched:
            self._selector.register(one, selectors.EVENT_READ)
        self._watched = wanted

    def _round(self, wakeup: socket.socket) -> None:
        for key, _ in self._selector.select(TICK):
            if key.fileobj is wakeup:
                wakeup.recv(4096)
            elif key.fileobj is self._listener:
                self._accept()
            elif isinstance(key.fileobj, socket.socket):
                self._receive(self._arriving[key.fileobj])
        self._drop_late()
        self._handle_complete()

    def _accept(self) -> None:
        # Another process may have been faster: then there is nothing to accept (EAGAIN).
        with contextlib.suppress(OSError):
            for _ in range(self._limits.accepts):
                client, _ = self._listener.accept()
                client.setblocking(False)
                deadline = time.monotonic() + self._limits.receive_seconds
                self._arriving[client] = connection = Connection(client, deadline)
                self._receive(connection)  # a script that has connected sends at once

    def _receive(self, connection: Connection) -> None:
        try:
            if connection.receive(self._limits.body):
                self._forget(connection)
                self._complete.append(connection)
        except (ClientGoneError, OSError):
            self._forget(connection)
            connection.socket.close()
        except protocol.ProtocolError:
            logger.warning("a request beyond the protocol was refused")
            self._forget(connection)
            connection.answer(protocol.LATER)

    def _forget(self, connection: Connection) -> None:
        del self._arriving[connection.socket]
        if connection.socket in self._watched:
            self._watched.discard(connection.socket)
            self._selector.unregister(connection.socket)

    def _drop_late(self) -> None:
        now = time.monotonic()
        for connection in [c for c in self._arriving.values() if c.deadline < now]:
            self._forget(connection)
            connection.answer(protocol.LATER)

    def _handle_complete(self) -> None:
        batch, self._complete = self._complete, []
        waiting = []
        for connection in batch:
            if connection.is_ping:
                connection.answer(protocol.PONG if self._do.healthy() else protocol.LATER)
            elif connection.is_gone():
                connection.socket.close()
                self._do.unread()
            else:
                waiting.append(connection)
        self._deliver(waiting)

    def _deliver(self, waiting: list[Connection]) -> None:
        requests = []
        senders = []
        for connection in waiting:
            try:
                requests.append(connection.take_request())
                senders.append(connection)
            except protocol.ProtocolError:
                connection.answer(protocol.LATER)
        answers = self._do.deliver(requests) if requests else iter(())
        for connection, line in zip(senders, answers, strict=True):
            if not connection.answer(line):
                self._do.unread()
