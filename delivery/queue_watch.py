"""Looks at Postfix's queue now and then, for the metrics: how many messages wait, and since when the oldest.

The worker does it because it has the right to: postqueue(1) answers root and its own group for our configuration
directory, and the site is neither. Addresses in its answer are read past.
"""

import logging
import re
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from mailboxes.services import metrics

logger = logging.getLogger(__name__)

SECONDS = 15.0
SHARE = 20  # of a process's time, at most one in so many goes into looking
PATIENCE = 60.0  # seconds for one look, then it is ended
# postqueue(1), JSON OBJECT FORMAT: queue_name comes first and arrival_time third, before anything of a sender's.
_LINE = re.compile(
    rb'\{"queue_name": ?"(\w{1,20})", ?"queue_id": ?"\w{1,64}", ?"arrival_time": ?(\d{1,12}),'
)


@dataclass(frozen=True, slots=True)
class Seen:
    """What the queue held: messages by queue, and when the oldest came (seconds since 1970; 0 when it was empty)."""

    messages: Counter[str]
    oldest: int


def count(lines: Iterable[bytes]) -> Seen:
    """Return what postqueue -j says."""
    messages: Counter[str] = Counter()
    oldest = 0
    for line in lines:
        if match := _LINE.match(line):
            messages[match[1].decode()] += 1
            oldest = min(oldest or int(match[2]), int(match[2]))
    return Seen(messages, oldest)


class QueueWatch:
    """Looks in a thread of its own: nothing that it meets holds up a delivery."""

    def __init__(self, config_dir: Path) -> None:
        self._command = ["postqueue", "-c", str(config_dir), "-j"]
        self._has_postfix = (config_dir / "main.cf").is_file()

    def start(self) -> None:
        """Look from now on, where there is a Postfix."""
        if self._has_postfix:
            threading.Thread(target=self._run, name="queue", daemon=True).start()

    def _run(self) -> None:
        while True:
            began = time.monotonic()
            try:
                publish(self.look())
            except (OSError, subprocess.SubprocessError):
                # The age of the last look tells; a line each time would be noise.
                logger.debug("postqueue -j failed")
            time.sleep(max(SECONDS, SHARE * (time.monotonic() - began)))

    def look(self) -> Seen:
        """Ask now. Raises OSError, SubprocessError."""
        quiet = subprocess.DEVNULL
        with subprocess.Popen(
            self._command, stdin=quiet, stdout=subprocess.PIPE, stderr=quiet
        ) as asked:
            alarm = threading.Timer(PATIENCE, asked.kill)
            alarm.start()
            try:
                assert asked.stdout is not None  # noqa: S101 - it is a pipe
                seen = count(asked.stdout)
            finally:
                alarm.cancel()
        if asked.returncode:
            raise subprocess.SubprocessError
        return seen


def publish(seen: Seen) -> None:
    """Let /metrics show it."""
    now = time.time()
    for queue in metrics.QUEUES:
        metrics.QUEUE_MESSAGES.set(seen.messages[queue], queue=queue)
    metrics.QUEUE_OLDEST.set(max(0.0, now - seen.oldest) if seen.oldest else 0.0)
    metrics.QUEUE_SEEN.set(now)
