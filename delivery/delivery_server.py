"""Serves the delivery sockets of one process: reads many connections, handles what is whole.

A client that hangs half way blocks nobody. What cannot be held is left in the listening sockets'
backlogs; when one is full, connect(2) fails and the message waits: back-pressure up to Postfix.
"""

import contextlib
import logging
import selectors
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from delivery import protocol
from delivery.connections import ClientGoneError, Connection
from delivery.protocol import Request

logger = logging.getLogger(__name__)

TICK = 1.0  # seconds between looks at deadlines when nothing happens
GATHER_SECONDS = 0.001  # under load: what shares a transaction costs less

# Makes a connection of an accepted socket; also given the listener that it came from.
Connect = Callable[[socket.socket, socket.socket], Connection]


@dataclass(frozen=True, slots=True)
class Limits:
    """What one process takes on at a time."""

    connections: int = 64  # of each listener
    buffered: int = 96 * 1024 * 1024  # bytes of incomplete requests
    accepts: int = 4  # in one round; the rest is left to processes that are idle
    drain_seconds: float = 10.0  # for what has begun to arrive when told to stop


@dataclass(frozen=True, slots=True)
class Callbacks:
    """What the server does with what arrives; none of them may raise."""

    deliver: Callable[[Sequence[Request]], Iterator[bytes]]
    healthy: Callable[[], bool]
    unread: Callable[[], None]  # a client gave up, or was given up: Postfix may hold its message


class DeliveryServer:
    """One process's loop over the listeners that bring messages, in its main thread."""

    def __init__(
        self, listeners: Mapping[socket.socket, Connect], limits: Limits, callbacks: Callbacks
    ) -> None:
        self._listeners, self._limits, self._do = listeners, limits, callbacks
        self._selector = selectors.DefaultSelector()
        self._arriving: dict[socket.socket, Connection] = {}
        self._complete: list[Connection] = []
        self._is_loaded = False  # more than one message was complete at the same time
        self._watched: set[socket.socket] = set()

    def run(
        self, wakeup: socket.socket, stopping: Callable[[], bool], tick: Callable[[], None]
    ) -> None:
        """Serves until `stopping()` and all that had begun is answered.

        `wakeup` becomes readable when `stopping` may have changed; `tick` runs after each round.
        """
        self._selector.register(wakeup, selectors.EVENT_READ)
        while not stopping():
            self._watch(self._everybody() if self._has_room() else self._oldest())
            self._round(wakeup, TICK)
            tick()
        self._drain(wakeup)

    def _drain(self, wakeup: socket.socket) -> None:
        end = time.monotonic() + self._limits.drain_seconds
        for connection in self._arriving.values():
            connection.drain()
        self._watch(set(self._arriving))
        self._round(wakeup, 0)  # what an idle client has just sent still counts as begun
        while True:
            for connection in [c for c in self._arriving.values() if c.is_idle]:
                self._refuse(connection)
            if not (self._arriving or self._complete) or time.monotonic() >= end:
                break
            self._watch(set(self._arriving))
            self._round(wakeup, TICK)
        for connection in [*self._arriving.values(), *self._complete]:
            connection.refuse()

    def _has_room(self) -> bool:
        held = sum(c.held for c in self._arriving.values())
        return held < self._limits.buffered

    def _everybody(self) -> set[socket.socket]:
        wanted = set(self._arriving)
        counts = Counter(c.listener for c in self._arriving.values())
        wanted.update(one for one in self._listeners if counts[one] < self._limits.connections)
        return wanted

    def _oldest(self) -> set[socket.socket]:
        # Without room one connection that holds some still goes on: so there is always progress.
        return {next(client for client, c in self._arriving.items() if c.held)}

    def _watch(self, wanted: set[socket.socket]) -> None:
        for one in self._watched - wanted:
            self._selector.unregister(one)
        for one in wanted - self._watched:
            self._selector.register(one, selectors.EVENT_READ)
        self._watched = wanted

    def _round(self, wakeup: socket.socket, seconds: float) -> None:
        self._look(wakeup, 0 if self._complete else seconds)
        if self._complete and self._is_loaded:
            time.sleep(GATHER_SECONDS)
            self._look(wakeup, 0)
        self._is_loaded = len(self._complete) > 1
        self._drop_late()
        self._handle_complete()

    def _look(self, wakeup: socket.socket, seconds: float) -> None:
        for key, _ in self._selector.select(seconds):
            if key.fileobj is wakeup:
                wakeup.recv(4096)
            elif key.fileobj in self._listeners:
                self._accept(key.fileobj)  # type: ignore[arg-type]
            elif isinstance(key.fileobj, socket.socket):
                self._receive(self._arriving[key.fileobj])

    def _accept(self, listener: socket.socket) -> None:
        # Another process may have been faster: then there is nothing to accept (EAGAIN).
        with contextlib.suppress(OSError):
            for _ in range(self._limits.accepts):
                client, _ = listener.accept()
                client.setblocking(False)
                self._arriving[client] = connection = self._listeners[listener](client, listener)
                self._receive(connection)  # a script that has connected sends at once

    def _receive(self, connection: Connection) -> None:
        try:
            if connection.receive():
                self._forget(connection)
                self._complete.append(connection)
        except (ClientGoneError, OSError):
            self._forget(connection)
            connection.close()
            self._note_deferred(connection)
        except protocol.ProtocolError:
            logger.warning("a request beyond the protocol was refused")
            self._refuse(connection)

    def _refuse(self, connection: Connection) -> None:
        self._forget(connection)
        connection.refuse()

    def _forget(self, connection: Connection) -> None:
        del self._arriving[connection.socket]
        if connection.socket in self._watched:
            self._watched.discard(connection.socket)
            self._selector.unregister(connection.socket)

    def _drop_late(self) -> None:
        now = time.monotonic()
        for connection in [c for c in self._arriving.values() if c.deadline < now]:
            self._note_deferred(connection)
            self._refuse(connection)

    def _note_deferred(self, connection: Connection) -> None:
        if connection.is_waiting:
            self._do.unread()

    def _handle_complete(self) -> None:
        batch, self._complete = self._complete, []
        waiting = []
        for connection in batch:
            if connection.is_ping:
                connection.answer(protocol.PONG if self._do.healthy() else protocol.LATER)
            elif connection.is_gone():
                connection.close()
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
                connection.refuse()
        answers = self._do.deliver(requests) if requests else iter(())
        for connection, request, line in zip(senders, requests, answers, strict=True):
            if not connection.answer(line):
                logger.warning(
                    "an answer was not read: Postfix tries again",
                    extra={"queue_id": request.queue_id, "result": "unread"},
                )
                self._do.unread()
            if not connection.closed:
                self._arriving[connection.socket] = connection
                self._receive(connection)  # the next message may have come already
