"""Keeps the mail log short: it lies in memory, and each line of it holds addresses.

As a program (`LOG COUNTS`) it is what the timer of a server runs (deploy/systemd/tempmail-mail-log.service).
"""

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from postfix import log_counts

SECONDS = 300


def turn_over(
    log: Path, counts: Path | None = None, give: Callable[[Path], object] = lambda made: None
) -> None:
    """Keep the log of the last interval and drop what is older; add what it says to the sums in `counts`.

    postlogd(8) appends, so that the file can be emptied under it; a line written in between is lost. Raises OSError.
    """
    if not log.exists():
        return
    last = log.with_suffix(".1")
    try:
        shutil.copyfile(log, last)
    finally:  # also where memory is full
        os.truncate(log, 0)
    if counts:
        with last.open(encoding="utf-8", errors="replace") as lines:
            log_counts.add(counts, log_counts.count(lines), give)


def remove(log: Path) -> None:
    """Remove the log with its directory."""
    shutil.rmtree(log.parent, ignore_errors=True)


def _for_the_group(counts: Path) -> None:
    """The site reads them: it has the group that this program is started with."""
    counts.chmod(0o640)


if __name__ == "__main__":
    turn_over(Path(sys.argv[1]), Path(sys.argv[2]), _for_the_group)
