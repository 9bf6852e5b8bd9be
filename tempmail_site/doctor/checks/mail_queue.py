"""Postfix's queue, which is our spool, and its log, which names visitors."""

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

from tempmail_site.doctor import installed, looking, room
from tempmail_site.doctor.findings import CannotLook, Finding, check, fault, ok, warning

_LATE = 300.0  # seconds in which what waits should have been delivered


@check(
    "queue.disk",
    "What was answered 250 lies here until it is stored: a reboot must not lose it (G1).",
)
def disk() -> Iterator[Finding]:
    """Not in memory."""
    directory = installed.queue_directory()
    kind = looking.filesystem(Path(os.path.realpath(directory)))
    if kind in looking.IN_MEMORY:
        words = f"the queue {directory} is in memory ({kind}): a reboot loses accepted mail"
        yield fault(
            words, "Move STATE_DIR to a disk, best an encrypted one, and render Postfix again."
        )
    else:
        yield ok(f"{directory} is on {kind or 'a file system that the kernel does not name'}")


@check("queue.space", "Below twice MESSAGE_SIZE_LIMIT Postfix answers 452 at MAIL.")
def space() -> Iterator[Finding]:
    """With the limit that is rendered."""
    least = 2 * settings.MESSAGE_SIZE_LIMIT
    yield from room.room(installed.queue_directory(), "the queue", least)


@check("queue.waiting", "Mail that waits has not reached its mailbox yet.")
def waiting() -> Iterator[Finding]:
    """How many, and since when; not whose."""
    installed.text("main.cf")
    done = looking.run("postqueue", "-c", str(settings.POSTFIX_CONFIG_DIR), "-j")
    if done.status:
        raise CannotLook("only root and Postfix's own group may see the queue")
    entries = [json.loads(line) for line in done.output.splitlines() if line.startswith("{")]
    ages = [time.time() - float(entry["arrival_time"]) for entry in entries]
    oldest = max(ages, default=0.0)
    words = f"{len(entries)} messages, the oldest waits for {looking.times(oldest)}"
    if held := sum(entry["queue_name"] == "hold" for entry in entries):
        yield warning(f"{held} messages are held", "postsuper -H ALL releases them.")
    if oldest > _LATE:
        remedy = "worker.log says why (`result` deferred). When it is repaired: postqueue -f"
        yield fault(words, remedy)
    else:
        yield ok(words if entries else "nothing waits")


@check("queue.log", "Postfix's log names client, sender and recipient of each mail (G6).")
def log() -> Iterator[Finding]:
    """In memory, for root alone."""
    name = installed.values(installed.text("main.cf")).get("maillog_file", "")
    if not name:
        words = "Postfix logs to syslog: addresses reach a disk"
        yield fault(words, "Render its files again: maillog_file belongs into memory.")
        return
    directory = Path(os.path.realpath(Path(name).parent))
    kind, mode = looking.filesystem(directory), looking.mode(directory)
    if kind not in looking.IN_MEMORY:
        yield fault(f"its log {name} is on a disk ({kind})", "Render its files again: /dev/shm.")
    elif mode is not None and mode & 0o077:
        yield fault(f"{directory} is open to others: mode {mode:04o}", f"chmod 700 {directory}")
    else:
        yield ok(f"{name} is in memory")
