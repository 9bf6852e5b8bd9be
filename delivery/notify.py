"""Tells systemd how the worker is: ready, reloading, stopping, alive (sd_notify(3)). Elsewhere nobody is told."""

import contextlib
import os
import socket
import time

READY = "READY=1"
STOPPING = "STOPPING=1"
ALIVE = "WATCHDOG=1"


def tell(*words: str) -> None:
    """Send one message to whoever started us, where there is one that listens. Never raises, waits for nobody."""
    name = os.environ.get("NOTIFY_SOCKET", "")
    if not name.startswith(("/", "@")):
        return
    address = name.replace("@", "\0", 1) if name.startswith("@") else name  # unix(7), abstract
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ours:
        ours.setblocking(False)
        ours.sendto("\n".join(words).encode(), address)


def reloading() -> None:
    """Another program takes our place now, and will say when it is ready."""
    tell("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")


class Pulse:
    """Says that we live, as often as WatchdogSec= asks for it (sd_watchdog_enabled(3))."""

    def __init__(self) -> None:
        mine = os.environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        asked = os.environ.get("WATCHDOG_USEC", "")
        self._seconds = int(asked) / 1_000_000 / 4 if mine and asked.isdigit() else 0.0
        self._last = 0.0

    def beat(self) -> None:
        """To be called often."""
        if self._seconds and time.monotonic() - self._last >= self._seconds:
            self._last = time.monotonic()
            tell(ALIVE)
