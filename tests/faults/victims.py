"""Finds the processes of an instance and kills them: always by what they are, and their id."""

import contextlib
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

from deploy.local import leftovers
from deploy.local.stack import Stack

DEADLINE = 60.0
Finder = Callable[[], list[int]]


def daemons(stack: Stack, name: str) -> list[int]:
    """The processes of one of Postfix's programs: `qmgr`, `pipe`, `smtpd`..."""
    return [pid for pid in leftovers.mail_pids(stack.state_dir) if _read(pid, "comm") == name]


def scripts(stack: Stack) -> list[int]:
    """The scripts that pipe(8) has started."""
    pids = leftovers.mail_pids(stack.state_dir)
    return [pid for pid in pids if _read(pid, "comm").startswith("python")]


def feeders(stack: Stack) -> list[int]:
    """Processes of pipe(8) that have a child: the script, or what runs before it."""
    return [p for p in daemons(stack, "pipe") if _read(p, f"task/{p}/children")]


def writers(stack: Stack) -> list[int]:
    """Processes of cleanup(8) that are writing a queue file."""
    incoming = str(stack.state_dir / "spool" / "incoming")
    return [pid for pid in daemons(stack, "cleanup") if _has_open(pid, ("incoming/", incoming))]


def supervisor(stack: Stack) -> int:
    """The delivery worker's first process."""
    pid = stack.processes["worker"].pid
    assert pid
    return pid


def workers(stack: Stack) -> list[int]:
    """The processes that the supervisor has forked."""
    pid = supervisor(stack)
    return [int(word) for word in _read(pid, f"task/{pid}/children").split()]


def kill_one(find: Finder) -> int:
    """Kill -9 one process as soon as there is one; return its id."""
    deadline = time.monotonic() + DEADLINE
    while True:
        for pid in find():
            if send_signal(pid, signal.SIGKILL):
                return pid
        assert time.monotonic() < deadline, "there was no such process"
        time.sleep(0.002)


def send_signal(pid: int, number: signal.Signals) -> bool:
    """Send a signal; False when the process has ended by itself."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)
        return True
    return False


def _has_open(pid: int, prefixes: tuple[str, ...]) -> bool:
    with contextlib.suppress(OSError):
        links = (str(entry.readlink()) for entry in Path(f"/proc/{pid}/fd").iterdir())
        return any(link.startswith(prefixes) for link in links)
    return False


def _read(pid: int, name: str) -> str:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/{name}").read_text(errors="replace").strip()
    return ""
