"""Parsing within limits of time and memory: a message that breaks the parser is stored unparsed."""

import logging
import resource
import signal
from collections.abc import Callable

from delivery.scoreboard import Scoreboard
from mailboxes.rules.summary import Summary

logger = logging.getLogger(__name__)

AGAIN_SECONDS = 0.5  # the alarm repeats, in case a parser swallowed the first exception


class ParseTimeout(BaseException):
    """The parser used up its CPU time. No Exception: a parser's own handlers let it pass."""


class GuardedSummary:
    """Summarizes one message at a time, in the main thread of one worker process."""

    def __init__(
        self, summarize: Callable[[bytes], Summary], board: Scoreboard, slot: int, seconds: float
    ) -> None:
        """`seconds` is CPU time of the process: a stopped or a busy machine costs no message."""
        self._summarize, self._board, self._slot, self._seconds = summarize, board, slot, seconds
        self._armed = False
        signal.signal(signal.SIGPROF, self._on_alarm)

    def __call__(self, raw: bytes) -> Summary:
        """The summary; `Summary.of_unread` where there is none within the limits."""
        if self._board.is_suspect(raw):
            logger.warning("a message that ended a process is stored unparsed")
            return Summary.of_unread(raw)
        self._board.start(self._slot, raw)
        try:
            return self._timed(raw)
        except (Exception, ParseTimeout) as error:  # noqa: BLE001 - whatever a parser may raise
            logger.warning("a message could not be parsed: %s", type(error).__name__)
            return Summary.of_unread(raw)
        finally:
            self._disarm()  # again: an alarm may have cut the first one short
            self._board.clear(self._slot)

    def _timed(self, raw: bytes) -> Summary:
        try:
            self._armed = True
            signal.setitimer(signal.ITIMER_PROF, self._seconds, AGAIN_SECONDS)
            return self._summarize(raw)
        finally:
            self._disarm()

    def _disarm(self) -> None:
        # First the flag: an alarm already under way raises nothing then, least of all in a commit.
        self._armed = False
        signal.setitimer(signal.ITIMER_PROF, 0)

    def _on_alarm(self, _signal: int, _frame: object) -> None:
        if self._armed:
            raise ParseTimeout


def limit_memory(limit_bytes: int) -> None:
    """Caps this process's address space: past it Python raises MemoryError, C code dies."""
    resource.setrlimit(resource.RLIMIT_AS, (limit_bytes, limit_bytes))
