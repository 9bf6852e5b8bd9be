"""What the holder of a mailbox's token may see. Everything here needs the token, because only it unseals."""

import contextlib
import threading
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import Count, Q, QuerySet
from django.db.models.functions import Now
from nacl.public import PrivateKey

from mailboxes.models.mailboxes import Mailbox
from mailboxes.models.messages import Message, MessageSource
from mailboxes.rules import addresses, parsing, sealing
from mailboxes.rules.errors import (
    Frozen,
    InvalidAddress,
    MailboxEnded,
    NotFound,
    SealBroken,
    UnknownToken,
)
from mailboxes.rules.sealing import Kind
from mailboxes.rules.summary import Summary
from mailboxes.services import activity, keys

_HEADER_BYTES = 65_536
# Parsing 25 MB takes 400 MB for two seconds: in one process two large messages (bytes) at a time.
_LARGE = 2 * 1024 * 1024
_turns = threading.BoundedSemaphore(2)


@dataclass(frozen=True, slots=True)
class OpenMailbox:
    """A living mailbox with the key that opens it. `now` is the database's time of the request."""

    mailbox: Mailbox
    key: PrivateKey
    address: str
    now: datetime


@dataclass(frozen=True, slots=True)
class Held:
    """One of the mailboxes whose tokens a browser holds; `unread` counts what its owner has not opened yet."""

    opened: OpenMailbox
    unread: int


@dataclass(frozen=True, slots=True)
class Item:
    """One line of an inbox."""

    id: uuid.UUID
    sequence: int
    received_at: datetime
    size: int
    seen: bool
    partial: bool
    summary: Summary


@dataclass(frozen=True, slots=True)
class Page:
    """Items, newest first; `next_before` is the sequence to go on from, None on the last page."""

    items: list[Item]
    next_before: int | None


@dataclass(frozen=True, slots=True)
class Counts:
    """How many messages a mailbox holds, how many of them its owner has not opened, and when it ends."""

    total: int
    unread: int
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class OpenMessage:
    """A whole message: its line, the source as it came, and what was parsed from it for this reader."""

    item: Item
    raw: bytes
    parsed: parsing.ParsedMessage


def open_by_token(token: str) -> OpenMailbox:
    """Return the living mailbox that this token opens; raise UnknownToken for all others, ended ones included.

    Raises Frozen for one that the operator has frozen: whoever holds its token may know.
    """
    return _entered(*_living(token))


def _living(token: str) -> tuple[PrivateKey, Mailbox]:
    key = sealing.private_key(token)
    mailbox = (
        Mailbox.objects.live()
        .filter(public_key=sealing.public_key(key))
        .annotate(now=Now())
        .first()
    )
    if mailbox is None:
        raise UnknownToken
    return key, mailbox


def _entered(key: PrivateKey, mailbox: Mailbox) -> OpenMailbox:
    if mailbox.frozen_at is not None:
        raise Frozen
    opened = _opened(key, mailbox)
    activity.write(opened.mailbox, opened.now)
    return opened


def open_several(tokens: Mapping[str, str]) -> list[Held]:
    """Return those of these mailboxes (tokens by public id) that live and open, the one that ends soonest first.

    Frozen ones are left out: `frozen_among` tells them.
    """
    unread = Count("messages", filter=Q(messages__seen=False))
    rows = Mailbox.objects.live().filter(public_id__in=tokens, frozen_at=None)
    held = []
    for row in rows.annotate(now=Now(), unread=unread).order_by("ends_at", "expires_at", "pk"):
        with contextlib.suppress(UnknownToken):
            key = sealing.private_key(tokens[row.public_id])
            if sealing.public_key(key) == bytes(row.public_key):
                held.append(Held(_opened(key, row), row.unread))  # type: ignore[attr-defined]
    for each in held:
        activity.write(each.opened.mailbox, each.opened.now)
    return held


def frozen_among(tokens: Mapping[str, str]) -> list[str]:
    """Return the public ids of those of these mailboxes that their tokens would open, were they not frozen."""
    rows = Mailbox.objects.live().filter(public_id__in=tokens).exclude(frozen_at=None)
    found = []
    for public_id, public_key in rows.order_by("pk").values_list("public_id", "public_key"):
        with contextlib.suppress(UnknownToken):
            if sealing.public_key(sealing.private_key(tokens[public_id])) == bytes(public_key):
                found.append(public_id)
    return found


def open_by_public_id(public_id: str, token: str) -> OpenMailbox:
    """Return the mailbox of this id if the token opens it; raise NotFound: absent, ended, or not yours; or Frozen."""
    try:
        key, mailbox = _living(token)
    except UnknownToken:
        raise NotFound from None
    if mailbox.public_id != public_id:
        raise NotFound
    return _entered(key, mailbox)


def reread(opened: OpenMailbox) -> OpenMailbox:
    """Return a mailbox as it is by now; raise NotFound when it has ended meanwhile."""
    mailbox = Mailbox.objects.live().filter(pk=opened.mailbox.pk).annotate(now=Now()).first()
    if mailbox is None:
        raise NotFound
    return replace(opened, mailbox=mailbox, now=mailbox.now)  # type: ignore[attr-defined]


def is_address_of(opened: OpenMailbox, text: str) -> bool:
    """Tell whether `text` is the address of this mailbox; `me` stands for it."""
    if text == "me":
        return True
    try:
        return keys.address_digest(addresses.parse(text)) == bytes(opened.mailbox.address_digest)
    except InvalidAddress:
        return False


def page(opened: OpenMailbox, *, limit: int, before: int | None = None, after: int = 0) -> Page:
    """Return up to `limit` items newest first: older than sequence `before`, newer than sequence `after`."""
    rows = opened.mailbox.messages.filter(sequence__gt=after).order_by("-sequence")
    if before is not None:
        rows = rows.filter(sequence__lt=before)
    found = list(rows[: limit + 1])
    items = list(items_of(opened, found[:limit]))
    return Page(items, items[-1].sequence if len(found) > limit else None)


def items_of(opened: OpenMailbox, rows: Iterable[Message]) -> Iterator[Item]:
    """Unseal the lines of these messages, one after the other."""
    return (_item(opened, row) for row in rows)


def sequence_of(opened: OpenMailbox, message_id: uuid.UUID) -> int:
    """Return the place of a message in its mailbox; raise NotFound when it is not in there."""
    row = opened.mailbox.messages.filter(id=message_id).values_list("sequence", flat=True).first()
    if row is None:
        raise NotFound
    return row


def unread_count(opened: OpenMailbox) -> int:
    """Return how many messages the owner has not opened yet."""
    return opened.mailbox.messages.filter(seen=False).count()


def counts(opened: OpenMailbox) -> Counts:
    """Return what the mailbox is like now, by one query; raise MailboxEnded when it ended since it was opened."""
    unread = Count("messages", filter=Q(messages__seen=False))
    rows = Mailbox.objects.live().filter(pk=opened.mailbox.pk).annotate(unread=unread)
    row = rows.values_list("message_count", "unread", "ends_at").first()
    if row is None:
        raise MailboxEnded
    return Counts(*row)


def message(opened: OpenMailbox, message_id: uuid.UUID, *, mark_seen: bool = True) -> OpenMessage:
    """Return a message of this mailbox, parsed again for this reader; raise NotFound."""
    row = _row(opened, message_id)
    if mark_seen and not row.seen:
        Message.objects.filter(id=message_id).update(seen=True)
    item, raw = _item(opened, row), _source(opened, row)
    if item.summary.unreadable:  # it was too much for the worker; no parser gets it twice
        return OpenMessage(item, raw, parsing.read_headers(raw, _HEADER_BYTES, unreadable=True))
    with _turns if len(raw) > _LARGE else contextlib.nullcontext():
        return OpenMessage(item, raw, parsing.parse(raw))


def source(opened: OpenMailbox, message_id: uuid.UUID) -> bytes:
    """Return a message as it came, with the Return-Path that delivery put on top; raise NotFound."""
    return _source(opened, _row(opened, message_id))


def neighbours(opened: OpenMailbox, sequence: int) -> tuple[uuid.UUID | None, uuid.UUID | None]:
    """Return the ids of the next newer and the next older message."""
    ids: QuerySet[Message, uuid.UUID] = opened.mailbox.messages.values_list("id", flat=True)
    newer = ids.filter(sequence__gt=sequence).order_by("sequence").first()
    older = ids.filter(sequence__lt=sequence).order_by("-sequence").first()
    return newer, older


def _opened(key: PrivateKey, mailbox: Mailbox) -> OpenMailbox:
    sealed, digest = bytes(mailbox.sealed_address), bytes(mailbox.address_digest)
    address = sealing.unseal(key, Kind.ADDRESS, digest, sealed).decode()
    return OpenMailbox(mailbox, key, address, mailbox.now)  # type: ignore[attr-defined]


def _row(opened: OpenMailbox, message_id: uuid.UUID) -> Message:
    row = opened.mailbox.messages.filter(id=message_id).first()
    if row is None:
        raise NotFound
    return row


def _item(opened: OpenMailbox, row: Message) -> Item:
    return Item(
        id=row.id,
        sequence=row.sequence,
        received_at=row.received_at,
        size=row.size,
        seen=row.seen,
        partial=row.partial,
        summary=_summary(opened, row),
    )


def _summary(opened: OpenMailbox, row: Message) -> Summary:
    sealed = bytes(row.sealed_summary)
    try:
        return Summary.decode(sealing.unseal(opened.key, Kind.SUMMARY, row.id.bytes, sealed))
    except SealBroken:  # one spoilt row must not hide the others
        return Summary.of_unread(b"")


def _source(opened: OpenMailbox, row: Message) -> bytes:
    # The message may be deleted between two statements: then it is as absent as if it never was.
    sealed = (
        MessageSource.objects.filter(received_at=row.received_at, id=row.id)
        .values_list("sealed", flat=True)
        .first()
    )
    if sealed is None:
        raise NotFound
    try:
        return sealing.unseal(opened.key, Kind.SOURCE, row.id.bytes, bytes(sealed))
    except SealBroken:
        raise NotFound from None
