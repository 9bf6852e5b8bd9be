"""What `postfix check` complains of. It tells a terminal, or else only its log: so it is given a terminal (postlog(1)).

Standard library only: the launcher runs it.
"""

import contextlib
import os
import re
import select
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

SECONDS = 60.0
# Debian 13 also reports each file that it copies for chrooted daemons.
_COMPLAINT = re.compile(r"\b(?:warning|error|fatal|panic): .*")


def complaints(program: str, config: Path, env: Mapping[str, str]) -> list[str]:
    """Return warnings and errors; for root only. It makes queue directories that are missing.

    Raises OSError where it cannot be started, TimeoutExpired where it does not end.
    """
    output = _at_a_terminal([program, "-c", str(config), "check"], env)
    lines = output.decode("utf-8", "replace").splitlines()
    return [match[0].strip() for line in lines if (match := _COMPLAINT.search(line))]


def _at_a_terminal(command: Sequence[str], env: Mapping[str, str]) -> bytes:
    """Return what a program prints where it believes that somebody reads."""
    ours, theirs = os.openpty()
    try:
        with subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs, cwd="/", env=dict(env)
        ) as process:
            os.close(theirs)
            try:
                return _read(ours, command)
            except BaseException:
                process.kill()
                raise
    finally:
        os.close(ours)


def _read(terminal: int, command: Sequence[str]) -> bytes:
    found, deadline = b"", time.monotonic() + SECONDS
    with contextlib.suppress(OSError):  # EIO: nobody has the other end any more
        while True:
            if not select.select([terminal], [], [], max(0.0, deadline - time.monotonic()))[0]:
                raise subprocess.TimeoutExpired(command, SECONDS)
            if not (part := os.read(terminal, 4096)):
                break
            found += part
    return found
