"""Starts the worker with a parser that some messages break, as no message should."""

import contextlib
import os
import signal
import sys
import time
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tempmail_site.settings")

import django

django.setup()

from delivery import handlers, worker  # noqa: E402
from mailboxes.rules import summary  # noqa: E402
from mailboxes.rules.summary import Summary  # noqa: E402


def summarize(raw: bytes) -> Summary:
    """Does what the message says, then what the real one does."""
    if b"POISON sleep" in raw:
        time.sleep(1000)
    if b"POISON spin" in raw:
        while True:
            swallow_exceptions()
    if b"POISON memory" in raw:
        return summary.summarize(bytes(2 << 30))
    if b"POISON segfault" in raw:
        os.kill(os.getpid(), signal.SIGSEGV)
    if b"POISON kill" in raw:
        os.kill(os.getpid(), signal.SIGKILL)
    if b"POISON recursion" in raw:
        return summarize(raw)
    if b"POISON surrogate" in raw:
        return Summary(subject="\udcff")
    if b"SLOW" in raw:
        Path(os.environ["DATA_DIR"], "slow").touch()
        time.sleep(1)
    return summary.summarize(raw)


def swallow_exceptions() -> None:
    """As parsers do."""
    with contextlib.suppress(Exception):
        sum(range(1000))


if __name__ == "__main__":
    worker.run(partial(handlers.make, summarize=summarize))
