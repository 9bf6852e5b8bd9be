"""One worker process: deliveries in the main thread, policy questions in a second one."""

import logging
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn

from delivery import guard, lmtp
from delivery.connections import Connection, ScriptConnection
from delivery.delivery_server import Callbacks, Connect, DeliveryServer, Limits
from delivery.lmtp_connection import LmtpConnection
from delivery.policy_server import PolicyServer
from delivery.protocol import Request

logger = logging.getLogger(__name__)

RECEIVE_SECONDS = 30.0  # for a script's request to arrive; the script gives up after 20


@dataclass(frozen=True, slots=True)
class Handlers:
    """What the worker does with what it is asked; made in each process, after the fork."""

    deliver: Callable[[Sequence[Request]], Iterator[bytes]]
    healthy: Callable[[], bool]
    judge: Callable[[Mapping[str, str]], str]
    unread: Callable[[], None]
    tick: Callable[[], None]


@dataclass(frozen=True, slots=True)
class ProcessLimits:
    """Per process, in bytes: its address space, and one message. `hostname` is for greetings."""

    memory: int
    body: int
    hostname: str = "localhost"


class Process:
    """What runs between fork(2) and exit(2)."""

    def __init__(
        self,
        listeners: Mapping[str, socket.socket],
        limits: ProcessLimits,
        make_handlers: Callable[[], Handlers],
    ) -> None:
        """`listeners`: "delivery", "policy" and "lmtp"."""
        self._listeners, self._limits = listeners, limits
        self._make_handlers = make_handlers
        self._parent = os.getppid()
        self._told_to_stop = False

    def run(self) -> NoReturn:
        """Serves until SIGTERM or the supervisor's death, then exits. Signals come blocked."""
        code = 1
        try:
            wakeup = self._take_signals()
            guard.limit_memory(self._limits.memory)
            self._serve(wakeup)
            code = 0
        except BaseException as error:  # noqa: BLE001 - a fork must never return to its caller
            logger.critical("a worker process failed: %s", type(error).__name__)
        finally:
            os._exit(code)

    def _take_signals(self) -> socket.socket:
        wakeup, alarm = socket.socketpair()
        wakeup.setblocking(False)
        alarm.setblocking(False)
        signal.set_wakeup_fd(alarm.detach(), warn_on_full_buffer=False)
        signal.signal(signal.SIGTERM, self._stop)
        for ignored in (signal.SIGINT, signal.SIGHUP):  # those are the supervisor's
            signal.signal(ignored, signal.SIG_IGN)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        return wakeup

    def _stop(self, _signal: int, _frame: object) -> None:
        self._told_to_stop = True

    def _serve(self, wakeup: socket.socket) -> None:
        handlers = self._make_handlers()
        policy = PolicyServer(self._listeners["policy"], handlers.judge)
        thread = threading.Thread(target=policy.run, name="policy", daemon=True)
        thread.start()

        def stopping() -> bool:
            # A dead supervisor watches nobody and a dead thread answers nobody: start afresh.
            dead = os.getppid() != self._parent or not thread.is_alive()
            return self._told_to_stop or dead

        callbacks = Callbacks(handlers.deliver, handlers.healthy, handlers.unread)
        server = DeliveryServer(self._connect_by_listener(), Limits(), callbacks)
        server.run(wakeup, stopping, handlers.tick)
        policy.stop()
        thread.join(timeout=5)

    def _connect_by_listener(self) -> dict[socket.socket, Connect]:
        session = lmtp.Limits(self._limits.hostname, self._limits.body)

        def script(client: socket.socket, listener: socket.socket) -> Connection:
            deadline = time.monotonic() + RECEIVE_SECONDS
            return ScriptConnection(client, listener, deadline, self._limits.body)

        def lmtp_client(client: socket.socket, listener: socket.socket) -> Connection:
            return LmtpConnection(client, listener, session)

        return {self._listeners["delivery"]: script, self._listeners["lmtp"]: lmtp_client}
