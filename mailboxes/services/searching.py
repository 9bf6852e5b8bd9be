"""Finding messages of an open mailbox. Sender, subject, attachments and codes are sealed: they are compared here."""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import datetime
from itertools import islice

from mailboxes.services import reading
from mailboxes.services.reading import Item, OpenMailbox, Page

_BATCH = 100


@dataclass(frozen=True, slots=True)
class Criteria:
    """What a message must fulfil, all of it. Texts are looked for anywhere, whatever their case and accents."""

    text: str = ""  # every word of it in the sender or the subject
    sender: str = ""
    subject: str = ""
    unread: bool = False
    attachment: bool = False
    code: bool = False
    since: datetime | None = None  # received then or later

    def __bool__(self) -> bool:
        return any(getattr(self, field.name) for field in fields(self))


def page(
    opened: OpenMailbox,
    criteria: Criteria,
    *,
    limit: int,
    before: int | None = None,
    after: int = 0,
) -> Page:
    """Return up to `limit` fitting items like `reading.page`. Costs unsealing, at most one mailbox's cap."""
    if not criteria:
        return reading.page(opened, limit=limit, before=before, after=after)
    found = list(islice(_fitting(opened, criteria, before, after), limit + 1))
    return Page(found[:limit], found[limit - 1].sequence if len(found) > limit else None)


def folded(text: str) -> str:
    """Return `text` without case and accents: "Grüße" and "GRUSSE" are the same."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(mark for mark in decomposed if not unicodedata.combining(mark)).casefold()


def _fitting(
    opened: OpenMailbox, criteria: Criteria, before: int | None, after: int
) -> Iterator[Item]:
    rows = opened.mailbox.messages.filter(sequence__gt=after).order_by("-sequence")
    if before is not None:
        rows = rows.filter(sequence__lt=before)
    if criteria.unread:
        rows = rows.filter(seen=False)
    if criteria.since is not None:
        rows = rows.filter(received_at__gte=criteria.since)
    sender, subject, text = map(folded, (criteria.sender, criteria.subject, criteria.text))
    for item in reading.items_of(opened, rows.iterator(_BATCH)):
        if _has_what_is_asked(item, criteria) and _reads(item, sender, subject, text.split()):
            yield item


def _has_what_is_asked(item: Item, criteria: Criteria) -> bool:
    summary = item.summary
    return not (
        (criteria.attachment and not summary.attachment_names)
        or (criteria.code and not summary.codes)
    )


def _reads(item: Item, sender: str, subject: str, words: list[str]) -> bool:
    from_whom = folded(f"{item.summary.sender_name} {item.summary.sender_address}")
    about = folded(item.summary.subject)
    return (
        sender in from_whom
        and subject in about
        and all(word in from_whom or word in about for word in words)
    )
