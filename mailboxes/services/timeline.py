"""Where is my mail? What happened to the mail for an address in the last hour, without any of its content.

Told by the mail path, which neither waits for it nor fails with it; kept in Redis for an hour; read by the owner of the
address, and by an operator who is given it. Nothing is told of addresses that do not exist.
"""

import contextlib
import enum
import json
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from redis.exceptions import RedisError

from mailboxes.rules import addresses, queue_ids
from mailboxes.rules.errors import Unavailable
from mailboxes.services import keys, timeline_store
from mailboxes.services.timeline_writer import Event, Writer

SECONDS = timeline_store.SECONDS  # that an event is known for at the longest


class Kind(enum.StrEnum):
    """What happened."""

    ACCEPTED = "accepted"  # a sender asked for the address at RCPT, and may go on
    REFUSED = "refused"  # it asked, and may not
    QUEUED = "queued"  # our mail server has the message
    DEFERRED = "deferred"  # it could not be stored; the mail server tries again
    STORED = "stored"
    DUPLICATE = "duplicate"  # it came once more, and was there already


class Reason(enum.StrEnum):
    """Why it was refused or deferred."""

    FULL = "full"
    BLOCKED = "blocked"  # the sender, or its network
    SLOWED = "slowed"  # too much of that sender in a minute
    CUT_OFF = "cut_off"  # its server asks for addresses that do not exist
    TEMPORARY = "temporary"  # our own fault, such as a database that is away
    SHORT = "short"  # less of it came out of the queue than there was
    STORAGE = "storage"  # the database was away or full


@dataclass(frozen=True, slots=True)
class Entry:
    """One event. What is not known, or makes no sense for its kind, is empty.

    `tls` is the protocol ("TLSv1.3"), "" for none. `size` is bytes: as declared at RCPT, as stored afterwards.
    `milliseconds` are from arrival to what happened. `message` is the queue id, as in our log: one for each message.
    """

    at: datetime
    kind: Kind
    reason: Reason | None = None
    tls: str = ""
    size: int = 0
    milliseconds: int | None = None
    message: str = ""


def of(address: str) -> list[Entry]:
    """Return the events of an address, the oldest first. Raises InvalidAddress, and Unavailable without Redis."""
    return of_digest(keys.address_digest(addresses.parse(address)))


def of_digest(digest: bytes) -> list[Entry]:
    """Return the events of the mailbox with this address digest, as `of` does. Raises Unavailable without Redis."""
    try:
        lines = timeline_store.read(digest)
    except (RedisError, OSError):
        raise Unavailable from None
    entries = [entry for line in lines if (entry := _read(line))]
    first = datetime.fromtimestamp(time.time() - SECONDS, UTC)
    return sorted(
        (each for each in [*entries, *_queued(entries)] if each.at >= first),
        key=lambda entry: (entry.at, list(Kind).index(entry.kind)),
    )


def forget(digests: Iterable[bytes]) -> None:
    """Remove the events of these mailboxes, which have ended. Never raises."""
    timeline_store.forget(digests)


# --- told by the mail path -------------------------------------------------------------------------------------------

_writer: Writer | None = None  # only where mail is taken in: the worker's processes


def start() -> None:
    """Let this process write, from a thread of its own."""
    global _writer
    _writer = Writer()
    _writer.start()


@contextlib.contextmanager
def written_at_once() -> Iterator[None]:
    """Let what is told within be written at its end, as far as Redis is there: for commands that store mail."""
    global _writer
    before, _writer = _writer, Writer()
    try:
        yield
    finally:
        told, _writer = _writer, before
        with contextlib.suppress(RedisError, OSError):
            told.write()


def asked(
    recipient: str, reason: Reason | None, *, tls: str, size: int, at: float | None = None
) -> None:
    """Note an answer at RCPT. Never waits, never raises. `at`: seconds since the epoch; now."""
    if _writer is not None:
        at, kind = at or time.time(), Kind.REFUSED if reason else Kind.ACCEPTED
        # Accepted and full are answers of the database; all else is said before anybody looks.
        is_proven = reason in (None, Reason.FULL)
        line = _line(at, kind, reason or "", tls[:16], size)
        _writer.put(Event(recipient, at, line, is_proven))


def deferred(recipients: Sequence[str], queue_id: str, reason: Reason) -> None:
    """Note that a message stays in the queue. Never waits, never raises."""
    if _writer is not None:
        at = time.time()
        line = _line(at, Kind.DEFERRED, reason, "", 0, queue_id, queue_ids.arrived_at(queue_id))
        for recipient in recipients:
            _writer.put(Event(recipient, at, line, is_proven=False))


def delivered(
    digests: Sequence[bytes],
    kind: Kind,
    queue_id: str,
    *,
    size: int,
    took: float,
    at: float | None = None,
) -> None:
    """Note that a message is in these mailboxes, by a commit. `took`: seconds since the worker had it.

    Never waits, never raises. `at`: seconds since the epoch; now.
    """
    if _writer is not None and digests:
        at = at or time.time()
        arrived = queue_ids.arrived_at(queue_id) or at - took
        line = _line(at, kind, "", "", size, queue_id, min(arrived, at))
        for digest in digests:
            _writer.put(Event(digest, at, line, is_proven=True))


def _line(at: float, kind: Kind, reason: str, *details: object) -> bytes:
    return json.dumps([round(at, 3), kind, reason, *details], separators=(",", ":")).encode()


# --- read ------------------------------------------------------------------------------------------------------------


def _read(line: bytes) -> Entry | None:
    """Return what was written; None for what another version of this wrote."""
    try:
        at, kind, reason, tls, size, *of_message = json.loads(line)
        message, arrived = of_message or ("", None)
        return Entry(
            at=datetime.fromtimestamp(at, UTC),
            kind=Kind(kind),
            reason=Reason(reason) if reason else None,
            tls=str(tls),
            size=int(size),
            milliseconds=None if arrived is None else round((at - arrived) * 1000),
            message=str(message),
        )
    except (ValueError, TypeError, OverflowError):
        return None


def _queued(entries: Sequence[Entry]) -> list[Entry]:
    """When each message came into the queue: its id says so, as soon as anything else is known of it."""
    arrived = {
        entry.message: datetime.fromtimestamp(entry.at.timestamp() - entry.milliseconds / 1000, UTC)
        for entry in entries
        if entry.milliseconds is not None
    }
    return [Entry(at, Kind.QUEUED, message=message) for message, at in arrived.items()]
