"""What the headers of a message say: who, to whom, about what, when."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from mailboxes.rules import strings
from mailboxes.rules.mime import addresses, header_block, words

Pair = tuple[str, str]
Fields = list[tuple[str, bytes]]
Reader = Callable[[str], list[Pair]]
"""Gives the (name, address) pairs that a parser found in the header of a lower-case name."""

_SUBJECT_LENGTH = 1_000
_CHARSET = re.compile(rb"charset\s*=\s*[\"']?([A-Za-z0-9_:.-]{1,40})", re.IGNORECASE)
# One address without comments, groups, routes and quoted pairs (RFC 5322 3.4): every reader takes it for the same.
_CLEAR = re.compile(
    rb"""\s*+(?:"[^"\\]*+"|(?:[^"(),:;<>@\\.]|(?<!\s)\.)*+)\s*+<[^\s<>"(),:;@\\]++@[^\s<>"(),:;@\\]++>\s*+"""
    rb"""|\s*+[^\s<>"(),:;@\\]++@[^\s<>"(),:;@\\]++\s*+"""
)


@dataclass(frozen=True, slots=True)
class Heading:
    """Clean single lines; addresses as (name, address) pairs."""

    subject: str
    sender: Pair
    to: tuple[Pair, ...] = ()
    cc: tuple[Pair, ...] = ()
    reply_to: tuple[Pair, ...] = ()
    date: str = ""
    message_id: str = ""
    headers: tuple[Pair, ...] = ()


def nothing_found(name: str) -> list[Pair]:
    """The reader for where no parser is at hand."""
    return []


def read(fields: Fields, reader: Reader = nothing_found) -> Heading:
    """The heading of a header block; where a header repeats, its first that is not blank counts."""
    guess = _guess(fields)

    def addressed(name: str) -> tuple[Pair, ...]:
        return _addresses(header_block.first(fields, name), name, guess, reader)

    def line(name: str, length: int) -> str:
        return strings.line(words.text(header_block.first(fields, name), guess), length)

    return replace(
        read_briefly(fields, reader),
        to=addressed("to"),
        cc=addressed("cc"),
        reply_to=addressed("reply-to"),
        date=line("date", 200),
        message_id=line("message-id", 998),
        headers=header_block.readable(fields, guess),
    )


def read_briefly(fields: Fields, reader: Reader = nothing_found) -> Heading:
    """Subject and sender of a header block, as `read` reads them, and nothing else."""
    guess = _guess(fields)
    senders = (
        _addresses(header_block.first(fields, "from"), "from", guess, reader)
        or _addresses(header_block.first(fields, "sender"), "sender", guess, nothing_found)
        or (("", ""),)
    )
    subject = words.text(header_block.first(fields, "subject"), guess)
    return Heading(subject=strings.line(subject, _SUBJECT_LENGTH), sender=senders[0])


def is_clear(fields: Fields) -> bool:
    """Whether nobody can read the sender in another way than `read_briefly` does without a parser."""
    return _CLEAR.fullmatch(header_block.first(fields, "from")) is not None


def _guess(fields: Fields) -> str:
    """The charset of raw 8-bit headers: that of the body more often than not."""
    label = _CHARSET.search(header_block.first(fields, "content-type"))
    return label[1].decode("ascii") if label else ""


def _addresses(value: bytes, name: str, guess: str, found: Reader) -> tuple[Pair, ...]:
    """What the parser found; our own reading where that is nothing, the header is not UTF-8, or all is clear.

    Parsers decode encoded words first, and then take what stands in them for addresses.
    """
    known = found(name) if value and _is_utf8(value) and not _CLEAR.fullmatch(value) else []
    return tuple(known or addresses.read(words.raw_text(value, guess)))


def _is_utf8(value: bytes) -> bool:
    try:
        value.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
