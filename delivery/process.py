"""One worker process: deliveries in the main thread, policy questions in a second one."""

import logging
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn

from delivery import guard
from delivery.delivery_server import Callbacks, DeliveryServer, Limits
from delivery.policy_server import PolicyServer
from delivery.protocol import Request

logger = logging.getLogger(__name__)


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
    """Per process, in bytes: its address space, and one message."""

    memory: int
    body: int


class Process:
    """What runs between fork(2) and exit(2)."""

    def __init__(
        self,
        delivery: socket.socket,
        policy: socket.socket,
        limits: ProcessLimits,
        make_handlers: Callable[[], Handlers],
    ) -> None:
        self._delivery, self._policy, self._limits = delivery, policy, limits
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
        policy = PolicyServer(self._policy, handlers.judge)
        thread = threading.Thread(target=policy.run, name="policy", daemon=True)
        thread.start()

        def stopping() -> bool:
            # A dead supervisor watches nobody and a dead thread answers nobody: start afresh.
            dead = os.getppid() != self._parent or not thread.is_alive()
            return self._told_to_stop or dead

        callbacks = Callbacks(handlers.deliver, handlers.healthy, handlers.unread)
        server = DeliveryServer(self._delivery, Limits(body=self._limits.body), callbacks)
        server.run(wakeup, stopping, handlers.tick)
        policy.stop()
        thread.join(timeout=5)
