"""The headers of a message as its page shows them: what people look for first, its way here, then all."""

import re
from dataclasses import dataclass

from mailboxes.rules.parsing import ParsedMessage

_FIRST = (
    *("from", "sender", "reply-to", "to", "cc", "date", "subject", "message-id", "in-reply-to"),
    *("list-id", "list-unsubscribe", "return-path", "user-agent", "x-mailer"),
)
_HOPS = 20
_FROM = re.compile(r"\s*from\s+(\S{1,255})", re.IGNORECASE)
_BY = re.compile(r"\bby\s+(\S{1,255})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Hop:
    """One server that took the message from another; all as the servers wrote it."""

    sender: str
    receiver: str
    date: str


def first(message: ParsedMessage) -> list[tuple[str, str]]:
    """Return the headers that are looked for most, in a fixed order."""
    return [
        (name, value) for key in _FIRST for name, value in message.headers if name.lower() == key
    ]


def way(message: ParsedMessage) -> list[Hop]:
    """Return the servers that the message passed, the first one first."""
    received = [value for name, value in message.headers if name.lower() == "received"][:_HOPS]
    return [_hop(value[:2000]) for value in reversed(received)]


def _hop(value: str) -> Hop:
    words, _, date = value.rpartition(";")
    words = words or value
    sender, receiver = _FROM.match(words), _BY.search(words)
    return Hop(sender[1] if sender else "", receiver[1] if receiver else "", date.strip()[:80])
