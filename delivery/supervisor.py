"""Keeps N worker processes alive behind sockets that stay open: start, restart, reload, stop."""

import contextlib
import gc
import logging
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

from delivery import handover, notify
from delivery.scoreboard import Scoreboard
from delivery.watchdog import Watchdog
from mailboxes.services import metrics

logger = logging.getLogger(__name__)

ROUND = 0.5  # seconds between looks when no signal comes
STOP_SECONDS = 30.0  # for processes to finish what they do
SHORT_LIFE = 2.0  # seconds; a process that dies sooner is started again later and later
MAX_DELAY = 5.0  # seconds
SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)


@dataclass(slots=True)
class Slot:
    """A place for one process."""

    pid: int = 0
    started: float = 0.0  # monotonic seconds
    due: float = 0.0  # when to start the next one
    delay: float = 0.0


class Supervisor:
    """Forks processes; each runs `serve(slot)`, which never returns.

    `loads` tells whether the code and the settings that a reload would take can be loaded at all.
    """

    def __init__(
        self,
        listeners: dict[str, socket.socket],
        board: Scoreboard,
        watchdog: Watchdog,
        serve: Callable[[int], NoReturn],
        loads: Callable[[], bool],
    ) -> None:
        self._listeners, self._board, self._watchdog = listeners, board, watchdog
        self._serve, self._loads = serve, loads
        self._slots = [Slot() for _ in range(board.processes)]
        self._replaced: set[int] = set()
        self._stopping = self._reloading = False
        self._wakeup, self._alarm = socket.socketpair()
        self._pulse = notify.Pulse()

    def run(self) -> None:
        """Returns after SIGTERM or SIGINT, when every process has ended."""
        self._take_signals()
        gc.freeze()  # what is loaded now stays shared between the processes
        self._replaced = handover.replaced_processes()
        self._start_due()
        for pid in self._replaced:
            _tell(pid, signal.SIGTERM)
        logger.info("delivery worker runs %d processes", len(self._slots))
        notify.tell(notify.READY)
        before = time.monotonic()
        while not self._stopping:
            self._wait()
            self._pulse.beat()
            self._reap()
            self._look(time.monotonic() - before)
            before = time.monotonic()
            self._start_due()
            if self._reloading:
                self._reload()
        self._stop()

    def _take_signals(self) -> None:
        for end in (self._wakeup, self._alarm):
            end.setblocking(False)
        signal.set_wakeup_fd(self._alarm.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGTERM, self._on_stop)
        signal.signal(signal.SIGINT, self._on_stop)
        signal.signal(signal.SIGHUP, self._on_reload)
        signal.signal(signal.SIGCHLD, lambda _signal, _frame: None)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)

    def _on_stop(self, _signal: int, _frame: object) -> None:
        self._stopping = True

    def _on_reload(self, _signal: int, _frame: object) -> None:
        self._reloading = True

    def _wait(self) -> None:
        select.select([self._wakeup], [], [], ROUND)
        with contextlib.suppress(BlockingIOError):
            self._wakeup.recv(4096)

    def _look(self, passed: float) -> None:
        for number, slot in enumerate(self._slots):
            if slot.pid:
                self._watchdog.look(number, slot.pid, min(passed, 2 * ROUND))

    def _start_due(self) -> None:
        due = [n for n, s in enumerate(self._slots) if not s.pid and time.monotonic() >= s.due]
        if due:
            self._board.want_flush()  # what was there before may have left mail deferred
        for number in due:
            self._slots[number].started = time.monotonic()
            self._slots[number].pid = self._fork(number)

    def _fork(self, number: int) -> int:
        # Blocked until the child has handlers of its own: no signal meets the supervisor's there.
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        pid = os.fork()
        if not pid:
            self._wakeup.close()
            self._alarm.close()
            self._serve(number)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
        return pid

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not pid:
                return
            self._replaced.discard(pid)
            for number, slot in enumerate(self._slots):
                if slot.pid == pid:
                    self._bury(number, slot, status)

    def _bury(self, number: int, slot: Slot, status: int) -> None:
        self._watchdog.bury(number, status)
        lived = time.monotonic() - slot.started
        slot.delay = min(MAX_DELAY, max(0.1, slot.delay * 2)) if lived < SHORT_LIFE else 0.0
        slot.pid, slot.due = 0, time.monotonic() + slot.delay
        if not self._stopping:
            metrics.WORKER_DEATHS.add()
            logger.warning("a worker process ended, wait status %d", status)

    def _reload(self) -> None:
        """Becomes a new supervisor with new code and settings; old processes serve meanwhile."""
        self._reloading = False
        if not self._loads():
            logger.error("reload refused: the new code or settings cannot be loaded")
            return
        logger.info("delivery worker reloads")
        notify.reloading()
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        environment = handover.prepare(self._listeners, self._left())
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], environment)  # noqa: S606

    def _stop(self) -> None:
        notify.tell(notify.STOPPING)
        for listener in self._listeners.values():
            listener.close()
        for pid in self._left():
            _tell(pid, signal.SIGTERM)
        end = time.monotonic() + STOP_SECONDS
        while self._left() and time.monotonic() < end:
            self._wait()
            self._reap()
        for pid in self._left():
            _tell(pid, signal.SIGKILL)

    def _left(self) -> set[int]:
        return {slot.pid for slot in self._slots if slot.pid} | self._replaced


def _tell(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)
