"""Runs in an instance's own Python: makes mailboxes, and reads all of them as their owners do. JSON in and out."""

import hashlib
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tempmail_site.settings")

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.db.models.functions import Now  # noqa: E402

from mailboxes.models.mailboxes import Mailbox  # noqa: E402
from mailboxes.models.messages import Message, OperatorMessage  # noqa: E402
from mailboxes.models.records import PurgeRecord  # noqa: E402
from mailboxes.services import creation, reading  # noqa: E402

MARK = b"X-Marker: "


def make(count: int) -> dict[str, str]:
    """Tokens by address."""
    made = [creation.create(lifetime=settings.MAX_LIFETIME) for _ in range(count)]
    return {one.address: one.token for one in made}


def read(tokens: dict[str, str]) -> dict[str, Any]:
    """What lies in these mailboxes, and how many messages there are at all."""
    found = [line for address, token in tokens.items() for line in _contents(address, token)]
    return {"found": found, "total": Message.objects.count() + OperatorMessage.objects.count()}


def end(token: str) -> None:
    """Let the time of this mailbox be over; its removal is the purge's."""
    pk = reading.open_by_token(token).mailbox.pk
    Mailbox.objects.filter(pk=pk).update(expires_at=Now(), ends_at=Now())


def purged(_: None) -> int:
    """How many mailboxes the purge has removed."""
    return PurgeRecord.objects.filter(reason=PurgeRecord.Reason.EXPIRED).count()


def _contents(address: str, token: str) -> Iterator[tuple[str, str, str, int]]:
    opened = reading.open_by_token(token)
    before: int | None = None
    while True:
        page = reading.page(opened, limit=100, before=before)
        for item in page.items:
            raw = reading.source(opened, item.id).replace(b"\r\n", b"\n")
            text = raw[raw.find(MARK) :] if MARK in raw else raw
            marker = text[len(MARK) :].split(b"\n", 1)[0].decode("ascii", "replace")
            yield address, marker, hashlib.sha256(text).hexdigest(), len(text)
        before = page.next_before
        if before is None:
            return


if __name__ == "__main__":
    command = {"make": make, "read": read, "end": end, "purged": purged}[sys.argv[1]]
    json.dump(command(json.load(sys.stdin)), sys.stdout)
