"""Waits until the machine does little else, for a bounded time."""

import time

from tests.benchmarks import cpu

LOOK_SECONDS = 2.0
IDLE_SHARE = 0.93


def idle_share(seconds: float = LOOK_SECONDS) -> float:
    """Return which part of all cores' time is idle, measured now."""
    busy, idle = cpu.machine()
    time.sleep(seconds)
    busy_later, idle_later = cpu.machine()
    passed = (busy_later - busy) + (idle_later - idle)
    return (idle_later - idle) / passed if passed > 0 else 0.0


def wait(seconds: float) -> str:
    """Wait for IDLE_SHARE, at most so many seconds; return in words how it was."""
    started = time.monotonic()
    while True:
        share, waited = idle_share(), time.monotonic() - started
        if share >= IDLE_SHARE:
            return f"quiet: {share:.0%} idle after {waited:.0f} s"
        if waited >= seconds:
            return f"NOT QUIET: {share:.0%} idle after waiting {waited:.0f} s, went on all the same"
