"""Notices what a program in the foreground is not told: a SIGINT that only make(1) got, and the parent's death.

GNU make 4.3 sends a SIGTERM on to the recipe's process. After a SIGINT to make alone it sends nothing and waits for
that process; while it waits in its handler SIGINT is blocked in it, which /proc shows (proc(5), SigBlk).
"""

import contextlib
import os
import signal
import threading
from pathlib import Path

SECONDS = 0.3
LOOKS = 2


class ParentWatch(threading.Thread):
    """Sends this process SIGINT when make was interrupted, SIGTERM when the parent died; ends with the process."""

    def __init__(self) -> None:
        super().__init__(name="parent-watch", daemon=True)
        self.parent = os.getppid()
        self.is_make = "make" in _comm(self.parent)
        self.detached = is_detached()

    def run(self) -> None:
        """Look every 0.3 s. One look is not enough: make blocks signals for moments while it works."""
        blocked = 0
        pause = threading.Event()
        while not pause.wait(SECONDS):
            if os.getppid() != self.parent:
                if not self.detached:
                    os.kill(os.getpid(), signal.SIGTERM)
                return
            blocked = blocked + 1 if self.is_make and blocks_sigint(self.parent) else 0
            if blocked >= LOOKS:
                os.kill(os.getpid(), signal.SIGINT)
                return


def is_detached() -> bool:
    """Return whether this process was started to outlive its parent: by setsid(1), nohup(1), or as init's child."""
    return (
        os.getppid() <= 1
        or os.getsid(0) == os.getpid()
        or signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    )


def blocks_sigint(pid: int) -> bool:
    """Return whether the process has SIGINT blocked; False where there is no /proc."""
    with contextlib.suppress(OSError, ValueError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("SigBlk:"):
                return bool(int(line.split()[1], 16) & 1 << (signal.SIGINT - 1))
    return False


def _comm(pid: int) -> str:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/comm").read_text().strip()
    return ""
