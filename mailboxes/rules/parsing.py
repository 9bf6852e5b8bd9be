"""From the raw bytes of a message to what is shown of it; never raises on hostile bytes.

Bounds first (mime.bounds), then mail-parser, then, where it fails, compat32's tree alone, and as the
last resort the headers only. email.policy.default is never used: it is quadratic, and recursive, on
hostile headers.
"""

import dataclasses
import logging
import mimetypes
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from email.message import Message

import mailparser

from mailboxes.rules import strings
from mailboxes.rules.mime import addresses, bounds, header_block, heading, slicing, tree, words

# It logs strings from mail.
logging.getLogger("mailparser").setLevel(logging.CRITICAL + 1)

TEXT_CHARACTERS = 2_000_000
"""What is shown of a body as text; the rest is in the source."""

_DEFAULTS = bounds.Limits()
_Way = Callable[[bytes, bounds.Limits], "ParsedMessage"]
_EXTENSIONS = {
    "message/rfc822": ".eml",
    "message/global": ".eml",
    "message/delivery-status": ".txt",
    "message/disposition-notification": ".txt",
    "message/feedback-report": ".txt",
    "text/rfc822-headers": ".txt",
    "text/calendar": ".ics",
    "text/plain": ".txt",
    "text/html": ".html",
    "application/pgp-signature": ".asc",
    "application/pkcs7-signature": ".p7s",
    "application/x-pkcs7-signature": ".p7s",
    "message/partial": ".eml",
    "text/enriched": ".txt",
    "image/jpeg": ".jpg",
    "image/jpg": ".jpg",
}


@dataclass(frozen=True, slots=True)
class Address:
    """A mailbox of a header; either may be ''."""

    name: str
    address: str


@dataclass(frozen=True, slots=True)
class Attachment:
    """A downloadable part. `index` counts from 1 and is the same for the same bytes."""

    index: int
    filename: str
    content_type: str
    content: bytes
    content_id: str
    inline: bool

    @property
    def size(self) -> int:
        """Bytes of the decoded content."""
        return len(self.content)


@dataclass(frozen=True, slots=True)
class ParsedMessage:
    """What is shown of a message. `html` is as sent: it must pass safe_html before any page.

    `partial`: beyond the bounds, only headers were read. `unreadable`: no parser could read it,
    only headers were; the page shows its source. `text_is_cut`: there is more text than shown.
    """

    subject: str
    sender: Address
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    reply_to: tuple[Address, ...]
    date: str
    message_id: str
    text: str
    html: str
    headers: tuple[tuple[str, str], ...]
    attachments: tuple[Attachment, ...]
    partial: bool = False
    unreadable: bool = False
    text_is_cut: bool = False


def parse(raw: bytes, limits: bounds.Limits = _DEFAULTS) -> ParsedMessage:
    """Read a message within `limits`; whatever it is, something comes back to be shown.

    MemoryError, and TimeoutError from a caller's alarm, are the only errors that get out.
    """
    return _parse(raw, limits, (_by_mail_parser, _by_tree))


def outline(raw: bytes, limits: bounds.Limits = _DEFAULTS) -> ParsedMessage:
    """As `parse`, at a third of its cost, for the summary: of the headers only subject and sender.

    compat32's tree alone where both ways agree, which is nearly always.
    """
    return _parse(raw, limits, (_lean, _by_mail_parser, _by_tree))


def _parse(raw: bytes, limits: bounds.Limits, ways: tuple[_Way, ...]) -> ParsedMessage:
    raw = header_block.repaired(raw)
    if bounds.exceeded(raw, limits):
        return _by_headers(raw, limits, partial=True)
    for attempt in (_by_tree,) if bounds.is_heavy(raw) else ways:
        try:
            return attempt(raw, limits)
        except (MemoryError, TimeoutError):
            raise
        except Exception:  # noqa: BLE001, S112  whatever hostile bytes trip: the next way is tried
            continue
    return _by_headers(raw, limits, unreadable=True)


def read_headers(raw: bytes, at_most: int, unreadable: bool = False) -> ParsedMessage:
    """Only the headers, from the first `at_most` bytes, by linear scans and without a parser."""
    raw = header_block.repaired(raw[:at_most])
    return _by_headers(raw, bounds.Limits(header_bytes=at_most), unreadable=unreadable)


class _NotClearError(Exception):
    """The lean way would differ from mail-parser's."""


def _lean(raw: bytes, limits: bounds.Limits) -> ParsedMessage:
    """compat32 alone, for what mail-parser would read the same. Raises _NotClearError where it may not."""
    message = slicing.tree(raw)
    fields = _fields(message)[: limits.headers]
    if not heading.is_clear(fields):
        raise _NotClearError
    reading = tree.read(message, raw)
    if not (reading.body.text.strip() or reading.body.html.strip()):
        raise _NotClearError
    top = heading.read_briefly(fields)
    return _shown(top, text=reading.body.text, html=reading.body.html, files=reading.files)


def _by_mail_parser(raw: bytes, limits: bounds.Limits) -> ParsedMessage:
    """mail-parser's tree and addresses. Bodies and files are our walk's: mail-parser leaves 7-bit
    ISO-2022, HZ and UTF-7 bodies undecoded and lists fewer attachments than there are."""
    parser = mailparser.parse_from_bytes(raw)

    def found(name: str) -> list[heading.Pair]:
        pairs = getattr(parser, name.replace("-", "_"))
        return [addresses.tidy(*pair) for pair in pairs[: addresses.AT_MOST]]

    parsed = _from_tree(parser.message, raw, limits, found)
    if parsed.text.strip() or parsed.html.strip():
        return parsed
    # It also recovers parts behind a boundary that was closed too early.
    recovered = tree.Body("\n\n".join(parser.text_plain), "\n".join(parser.text_html)).complete()
    text = strings.block(recovered.text[:TEXT_CHARACTERS])
    return dataclasses.replace(parsed, text=text, html=recovered.html)


def _by_tree(raw: bytes, limits: bounds.Limits) -> ParsedMessage:
    """compat32 alone, where mail-parser would take too long or trips over a tree it has built."""
    return _from_tree(slicing.tree(raw), raw, limits, heading.nothing_found)


def _from_tree(
    message: Message, raw: bytes, limits: bounds.Limits, found: heading.Reader
) -> ParsedMessage:
    reading = tree.read(message, raw)
    return _shown(
        heading.read(_fields(message)[: limits.headers], found),
        text=reading.body.text,
        html=reading.body.html,
        files=reading.files,
    )


def _fields(message: Message) -> heading.Fields:
    return [(name, words.octets(str(value))) for name, value in message.raw_items()]


def _by_headers(
    raw: bytes, limits: bounds.Limits, partial: bool = False, unreadable: bool = False
) -> ParsedMessage:
    end = bounds.header_end(raw, limits.header_bytes)
    head = raw[: end if end >= 0 else limits.header_bytes]
    shown = _shown(heading.read(header_block.fields(head, limits.headers)))
    return dataclasses.replace(shown, partial=partial, unreadable=unreadable)


def _shown(
    top: heading.Heading, text: str = "", html: str = "", files: Iterable[tree.File] = ()
) -> ParsedMessage:
    return ParsedMessage(
        subject=top.subject,
        sender=Address(*top.sender),
        to=tuple(Address(*pair) for pair in top.to),
        cc=tuple(Address(*pair) for pair in top.cc),
        reply_to=tuple(Address(*pair) for pair in top.reply_to),
        date=top.date,
        message_id=top.message_id,
        text=text[:TEXT_CHARACTERS],
        html=html,
        headers=top.headers,
        attachments=tuple(_attachment(index, file) for index, file in enumerate(files, start=1)),
        text_is_cut=len(text) > TEXT_CHARACTERS,
    )


def _attachment(index: int, file: tree.File) -> Attachment:
    extension = _EXTENSIONS.get(file.content_type) or mimetypes.guess_extension(file.content_type)
    name = file.filename or f"attachment-{index}{extension or '.bin'}"
    return Attachment(index, name, file.content_type, file.content, file.content_id, file.inline)
