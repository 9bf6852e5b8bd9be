"""Runs in the site's own Python: makes a mailbox, delivers into it. A function and its arguments in, JSON out."""

import json
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tempmail_site.settings")

import django

django.setup()

from mailboxes.services import creation, intake  # noqa: E402
from mailboxes.services.parcels import Envelope  # noqa: E402


def make() -> dict[str, str]:
    """A new mailbox: address, token, public id."""
    made = creation.create()
    return {"address": made.address, "token": made.token, "id": made.mailbox.public_id}


def deliver(address: str, subject: str, size: int = 0) -> None:
    """One message, as the worker stores it."""
    head = f"From: sender@example.org\nTo: {address}\nSubject: {subject}\nMessage-ID: <{os.urandom(8).hex()}@x>\n\n"
    raw = (
        head.encode()
        + b"Your code is 482913.\n"
        + (os.urandom(size // 2).hex().encode() if size else b"")
    )
    queue_id = f"4{os.urandom(5).hex()}"
    intake.store(Envelope(queue_id, "sender@example.org", (address,)), raw)


if __name__ == "__main__":
    print(json.dumps({"make": make, "deliver": deliver}[sys.argv[1]](**json.loads(sys.argv[2]))))
