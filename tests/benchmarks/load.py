"""The load: smtp-source(1), each message to a mailbox of its own."""

import os
import subprocess
from pathlib import Path
from signal import SIGKILL

from deploy.local import ports
from deploy.local.processes import kill_group, with_parent_death_signal
from deploy.local.servers import find
from mailboxes.rules import sealing

SESSIONS = 20
BOX = "box"
SENDER = "sender@example.org"


class LoadFailed(Exception):
    """The load could not be sent whole; the text says why."""


def box(number: int) -> str:
    """Return the local-part of a mailbox, counted from 1, as smtp-source -N makes it."""
    return f"{number}{BOX}"


def token(number: int) -> str:
    """Return the token of that mailbox, where the mailboxes are ours."""
    return sealing.token_of(number.to_bytes(32))


def send(port: int, domain: str, file: Path, count: int, seconds: float) -> float:
    """Send the message in `file` to the first `count` mailboxes in SESSIONS connections.

    Returns the CPU seconds that the load itself used. Raises LoadFailed, also when it takes longer than `seconds`.
    """
    options = ["-N", "-d", "-s", str(SESSIONS), "-m", str(count), "-M", "client.example.org"]
    envelope = ["-f", SENDER, "-t", f"{BOX}@{domain}", "-F", str(file)]
    command = [find("smtp-source"), *options, *envelope, f"inet:{ports.LOOPBACK}:{port}"]
    before = os.times()
    with subprocess.Popen(
        with_parent_death_signal(command, SIGKILL),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            _, complaint = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            raise LoadFailed(f"smtp-source was not done in {seconds:.0f} s") from None
        finally:
            kill_group(process.pid)
    if process.returncode:
        raise LoadFailed(f"smtp-source: {complaint.strip() or process.returncode}")
    after = os.times()
    return sum(after[2:4]) - sum(before[2:4])
