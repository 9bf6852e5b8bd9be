"""Finds and ends processes of an instance whose launcher was killed: by what they are, never by a number alone."""

import contextlib
import ctypes
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

MARKER = "TEMPMAIL_INSTANCE"
PR_SET_CHILD_SUBREAPER = 36

Finder = Callable[[Path], list[int]]


def instance_pids(state_dir: Path) -> list[int]:
    """Return the living processes of the instance at `state_dir`, but for this one.

    Ours carry MARKER in their environment. Postfix, the scripts that pipe(8) starts, and
    Redis wipe theirs: they have their working directory below `state_dir`. A shell that stands there does not count.
    """
    return [pid for pid in _others() if _is_marked(pid, state_dir) or _is_server(pid, state_dir)]


def mail_pids(state_dir: Path) -> list[int]:
    """Return the processes of Postfix and the scripts that pipe(8) started."""
    return [pid for pid in _others() if _is_server(pid, state_dir / "spool")]


def end(state_dir: Path, find: Finder = instance_pids, seconds: float = 5.0) -> int:
    """End what `find` finds, first kindly, after `seconds` with SIGKILL; return how many there were at first."""
    found = find(state_dir)
    for number in (signal.SIGTERM, signal.SIGKILL):
        deadline = time.monotonic() + seconds
        for pid in find(state_dir):
            _send(pid, number)
        while find(state_dir) and time.monotonic() < deadline:
            time.sleep(0.1)
    return len(found)


def adopt_orphans() -> None:
    """Make what our children leave behind our own children, to be reaped by us (prctl(2)); Linux only.

    Process 1 of a container is often a program that reaps nobody, and zombies would stay.
    """
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def reap_orphans() -> None:
    """Reap every child that has ended. Only when no subprocess.Popen waits for one of its own any more."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _others() -> list[int]:
    numbers = (int(entry.name) for entry in Path("/proc").glob("[0-9]*"))
    return [pid for pid in numbers if pid != os.getpid()]


def _is_marked(pid: int, state_dir: Path) -> bool:
    with contextlib.suppress(OSError):
        variables = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
        return MARKER.encode() + b"=" + os.fsencode(state_dir) in variables
    return False


def _is_server(pid: int, directory: Path) -> bool:
    process = Path(f"/proc/{pid}")
    with contextlib.suppress(OSError):
        if not (process / "cwd").readlink().is_relative_to(directory):
            return False
        program = (process / "exe").readlink()
        arguments = (process / "cmdline").read_bytes().split(b"\0")
        return (
            "postfix" in program.parts
            or program.name.startswith("redis-")
            or any(argument.endswith(b"/bin/deliver.py") for argument in arguments)
        )
    return False


def _send(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)
