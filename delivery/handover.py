"""What a reloading supervisor leaves to the program it becomes by execve(2): sockets and processes.

The sockets go as sd_listen_fds(3) has them, so taking them is the same code as under systemd.
"""

import os
import socket
from pathlib import Path

FIRST_FD = 3  # SD_LISTEN_FDS_START
REPLACED = "DELIVERY_REPLACED_PROCESSES"


def original_environment() -> dict[str, str]:
    """What this program was started with: settings that were read into it since are not in it."""
    pairs = os.fsdecode(Path("/proc/self/environ").read_bytes()).split("\0")
    return dict(pair.split("=", 1) for pair in pairs if "=" in pair)


def prepare(listeners: dict[str, socket.socket], processes: set[int]) -> dict[str, str]:
    """Sets the descriptors up, directly before execve(2); gives the environment for it."""
    # First out of the way of the numbers to come: one may be another listener's descriptor now.
    spare = [os.dup(listener.fileno()) for listener in listeners.values()]
    while min(spare) < FIRST_FD + len(spare):
        spare = [os.dup(fd) for fd in spare]
    for offset, fd in enumerate(spare):
        os.dup2(fd, FIRST_FD + offset, inheritable=True)
    return original_environment() | {
        "LISTEN_PID": str(os.getpid()),
        "LISTEN_FDS": str(len(spare)),
        "LISTEN_FDNAMES": ":".join(listeners),
        REPLACED: ",".join(map(str, processes)),
    }


def listening_sockets() -> dict[str, socket.socket]:
    """Sockets that we were started with, by name; the variables are consumed."""
    pid, count, names = (
        os.environ.pop(key, "") for key in ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES")
    )
    if pid != str(os.getpid()) or not count.isdigit():
        return {}
    sockets = {}
    for offset, name in enumerate(names.split(":")[: int(count)]):
        listener = socket.socket(fileno=FIRST_FD + offset)
        listener.set_inheritable(False)
        listener.setblocking(False)
        sockets[name] = listener
    return sockets


def replaced_processes() -> set[int]:
    """Processes of the program that we were before: children still, to be ended."""
    return {int(pid) for pid in os.environ.pop(REPLACED, "").split(",") if pid.isdigit()}
