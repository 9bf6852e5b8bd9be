"""Tells Postfix to try its deferred mail again as soon as we can store once more.

Without it a one-time code deferred in an outage waits for the next backoff, a minute or more.
"""

import logging
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from delivery.scoreboard import Scoreboard

logger = logging.getLogger(__name__)

MIN_SECONDS = 10.0  # between two flushes by all processes together: each one reads the whole queue
STAGGER = 1.0  # seconds that each process leaves to the one before it
ASK_SECONDS = 1.0  # between two questions whether the database is back


class Flusher:
    """Runs `postqueue -f` in the background when a flush is wanted and the database answers."""

    def __init__(
        self, board: Scoreboard, slot: int, healthy: Callable[[], bool], config_dir: Path
    ) -> None:
        self._board, self._slot, self._healthy = board, slot, healthy
        self._command = ["postqueue", "-c", str(config_dir), "-f"]
        self._has_postfix = (config_dir / "main.cf").is_file()
        self._running: subprocess.Popen[bytes] | None = None
        self._complained = False
        self._asked_at = 0.0

    def tick(self) -> None:
        """To be called often. Never raises."""
        self._reap()
        if self._is_due():
            self._asked_at = time.monotonic()
            if self._healthy():
                self._flush()

    def _is_due(self) -> bool:
        wanted, flushed = self._board.flush_wanted_at, self._board.flushed_at
        if not (self._has_postfix and wanted) or self._running:
            return False
        now = time.monotonic()
        earliest = max(wanted, flushed + MIN_SECONDS) if flushed else wanted
        # The first process does it; the next ones only where it is too busy.
        return now >= earliest + self._slot * STAGGER and now - self._asked_at >= ASK_SECONDS

    def _flush(self) -> None:
        self._board.note_flush()
        quiet = subprocess.DEVNULL
        try:
            self._running = subprocess.Popen(
                self._command, stdin=quiet, stdout=quiet, stderr=quiet, close_fds=True
            )
        except OSError:
            self._complain()

    def _reap(self) -> None:
        if self._running and (code := self._running.poll()) is not None:
            self._running = None
            if code:
                self._complain()

    def _complain(self) -> None:
        if not self._complained:
            self._complained = True
            logger.warning("postqueue -f failed: deferred mail waits for Postfix's own retry")
