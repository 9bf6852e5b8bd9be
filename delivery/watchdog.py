"""Ends processes that hang in one message, and remembers the messages that ended processes."""

import logging
import os
import signal
from pathlib import Path

from delivery.scoreboard import POINTS_TO_SUSPECT, Scoreboard

logger = logging.getLogger(__name__)


class Watchdog:
    """The supervisor's view of what its processes parse."""

    def __init__(self, board: Scoreboard, limit_seconds: float) -> None:
        self._board, self._limit = board, limit_seconds
        self._seen: dict[int, tuple[float, float]] = {}

    def look(self, slot: int, pid: int, passed: float) -> None:
        """Once per round of `passed` seconds: kills the process that is past the hard limit.

        Only time in which the process could run counts: SIGSTOP is no fault of the message.
        """
        parsing = self._board.parsed_now(slot)
        if parsing is None or is_stopped(pid):
            return
        since, waited = self._seen.get(slot, (0.0, 0.0))
        waited = waited + passed if since == parsing.since else 0.0
        self._seen[slot] = (parsing.since, waited)
        if waited > self._limit:
            logger.warning("a process that hung in one message is killed")
            self._board.accuse(parsing.digest, POINTS_TO_SUSPECT)
            os.kill(pid, signal.SIGKILL)

    def bury(self, slot: int, status: int) -> None:
        """After the death of a slot's process, with its wait status: whose fault was it?"""
        parsing = self._board.parsed_now(slot)
        self._board.clear(slot)
        self._seen.pop(slot, None)
        if parsing is not None:
            # kill -9 comes from an operator or the kernel's memory killer; SIGSEGV and SIGABRT
            # come from code that met this message.
            outside = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
            self._board.accuse(parsing.digest, 1 if outside else POINTS_TO_SUSPECT)


def is_stopped(pid: int) -> bool:
    """Whether the process was stopped by a signal (proc(5), state T in stat)."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return False
    return stat.rpartition(b")")[2].split()[:1] in ([b"T"], [b"t"])
