"""Empties the mail container before it ends: waits for sessions, listens no more, empties the queue. As root.

    python -m deploy.docker.mail_drain SECONDS [FOR_SESSIONS]

What is left after so many seconds stays in the queue's volume, for the next container that has it. Exit code 1 then.
"""

import subprocess
import sys
import time
from pathlib import Path

from deploy.docker.mail_host import CONFIG

ROUND = 1.0  # seconds between looks
FOR_SESSIONS = (
    30.0  # seconds: whoever sends without end is cut off, and sends again what got no 250
)
_ESTABLISHED = "01"  # proc(5), /proc/net/tcp


def main(seconds: float, for_sessions: float = FOR_SESSIONS) -> int:
    """Drain; return the exit code. Raises CalledProcessError where Postfix does not run."""
    deadline = time.monotonic() + seconds
    ports = listening()
    while has_sessions(ports) and time.monotonic() < deadline - seconds + for_sessions:
        time.sleep(ROUND)
    close()
    while _postfix("postqueue", "-j").strip():
        if time.monotonic() > deadline:
            print("mail: not all could be delivered; the rest stays in the queue", flush=True)
            return 1
        _postfix("postqueue", "-f")
        time.sleep(ROUND)
    print("mail: the queue is empty", flush=True)
    return 0


def listening() -> set[int]:
    """Return the ports of smtpd(8)."""
    return {int(service.rpartition(":")[2]) for service in _services()}


def has_sessions(ports: set[int]) -> bool:
    """Tell whether a client is connected to one of these ports."""
    for table in ("tcp", "tcp6"):
        for line in Path("/proc/net", table).read_text().splitlines()[1:]:
            _, local, _, state, *_ = line.split()
            if state == _ESTABLISHED and int(local.rpartition(":")[2], 16) in ports:
                return True
    return False


def close() -> None:
    """Listen no more. master(8) ends the processes of a service that is taken away, with their sessions."""
    for service in _services():
        _postfix("postconf", "-MX", f"{service}/inet")
    _postfix("postfix", "reload")


def _services() -> list[str]:
    entries = [line.split() for line in _postfix("postconf", "-M").splitlines()]
    return [service for service, kind, *_ in entries if kind == "inet"]


def _postfix(program: str, *words: str) -> str:
    command = [program, "-c", str(CONFIG), *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


if __name__ == "__main__":
    sys.exit(main(*map(float, sys.argv[1:])))
