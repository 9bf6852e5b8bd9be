"""A delivered message, made ready once for all of its recipients, before any lock is taken."""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass

from mailboxes.rules import dedupe, sealing
from mailboxes.rules.summary import Summary
from mailboxes.services import authenticity


@dataclass(frozen=True, slots=True)
class Envelope:
    """What SMTP said beside the message. `sender` is empty for the null reverse-path (RFC 5321 4.5.5)."""

    queue_id: str
    sender: str
    recipients: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Parcel:
    """Parsed, compressed and reduced to its canonical bytes. `size` is in bytes, as the message came."""

    size: int
    canonical: bytes
    partial: bool
    summary: bytes
    source: bytes


def prepare(envelope: Envelope, raw: bytes, summarize: Callable[[bytes], Summary]) -> Parcel:
    """Parse and compress a message. The costly part of a delivery; touches no database."""
    summary = dataclasses.replace(summarize(raw), auth=authenticity.verdicts(raw))
    return Parcel(
        size=len(raw),
        canonical=dedupe.canonical(raw),
        partial=summary.partial or summary.unreadable,
        summary=sealing.pack(summary.encode()),
        source=sealing.pack(_with_return_path(envelope.sender, raw)),
    )


def _with_return_path(sender: str, raw: bytes) -> bytes:
    """Put the reverse-path on top, as final delivery must (RFC 5321 4.4), in place of what was there."""
    line_end = b"\r\n" if b"\r\n" in raw[:1000] else b"\n"
    path = sender.encode("utf-8", "surrogateescape").translate(None, b"\r\n\0")
    rest = raw[match.end() :] if (match := dedupe.RETURN_PATH.match(raw)) else raw
    return b"Return-Path: <" + path + b">" + line_end + rest
