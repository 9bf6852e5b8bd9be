"""What the headers of a message say: who, to whom, about what, when."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from mailboxes.rules import strings
from mailboxes.rules.mime import addresses, header_block, words

Pair = tuple[str, str]
Fields = list[tuple[str, bytes]]
Reader = Callable[[str], list[Pair]]
"""Gives the (name, address) pairs that a parser found in the header of a lower-case name."""

_SUBJECT_LENGTH = 1_000
_CHARSET = re.compile(rb"charset\s*=\s*[\"']?([A-Za-z0-9_:.-]{1,40})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Heading:
    """Clean single lines; addresses as (name, address) pairs."""

    subject: str
    sender: Pair
    to: tuple[Pair, ...]
    cc: tuple[Pair, ...]
    reply_to: tuple[Pair, ...]
    date: str
    message_id: str
    headers: tuple[Pair, ...]


def nothing_found(name: str) -> list[Pair]:
    """The reader for where no parser is at hand."""
    return []


def read(fields: Fields, reader: Reader = nothing_found) -> Heading:
    """The heading of a header block; where a header repeats, its first that is not blank counts."""
    # Raw 8-bit headers are in the charset of the body more often than not.
    label = _CHARSET.search(header_block.first(fields, "content-type"))
    guess = label[1].decode("ascii") if label else ""

    def addressed(name: str, found: Reader = reader) -> tuple[Pair, ...]:
        return _addresses(header_block.first(fields, name), name, guess, found)

    def line(name: str, length: int) -> str:
        return strings.line(words.text(header_block.first(fields, name), guess), length)

    senders = addressed("from") or addressed("sender", nothing_found) or (("", ""),)
    return Heading(
        subject=line("subject", _SUBJECT_LENGTH),
        sender=senders[0],
        to=addressed("to"),
        cc=addressed("cc"),
        reply_to=addressed("reply-to"),
        date=line("date", 200),
        message_id=line("message-id", 998),
        headers=header_block.readable(fields, guess),
    )


def _addresses(value: bytes, name: str, guess: str, found: Reader) -> tuple[Pair, ...]:
    """What the parser found; our own reading where that is nothing or the header is not UTF-8."""
    known = found(name) if value and _is_utf8(value) else []
    return tuple(known or addresses.read(words.raw_text(value, guess)))


def _is_utf8(value: bytes) -> bool:
    try:
        value.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
