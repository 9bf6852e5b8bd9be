"""Keeps the mail log short: it lies in memory, and each line of it holds addresses."""

import os
import shutil
from pathlib import Path

SECONDS = 300


def turn_over(log: Path) -> None:
    """Keep the log of the last interval and drop what is older.

    postlogd(8) appends, so that the file can be emptied under it; a line written in between is lost.
    """
    if log.exists():
        shutil.copyfile(log, log.with_suffix(".1"))
        os.truncate(log, 0)


def remove(log: Path) -> None:
    """Remove the log with its directory."""
    shutil.rmtree(log.parent, ignore_errors=True)
