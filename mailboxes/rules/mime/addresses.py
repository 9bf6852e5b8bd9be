"""Addresses of a header, read leniently and in linear time, where mail-parser finds none."""

import re

from mailboxes.rules import strings
from mailboxes.rules.mime import words

_QUOTED_OR_COMMA = re.compile(r'"(?:[^"\\]|\\.)*+"|,|[^",]+|"', re.DOTALL)
_ANGLE = re.compile(r"<([^<>]*)>")
_BARE = re.compile(r"(?<![^\s<>()\",;:])[^\s<>()\",;:@]++@[^\s<>()\",;:@]++")
_COMMENT = re.compile(r"\(([^()]*)\)")
_GROUP = re.compile(r"^[^<>@\":]*+:")
AT_MOST = 1_000
_NAME_LENGTH = 300
_ADDRESS_LENGTH = 320


def read(value: str) -> list[tuple[str, str]]:
    """(name, address) pairs of an unfolded header; at least one of the two is not empty."""
    pairs = [_one(item) for item in _items(value)]
    return [pair for pair in pairs if any(pair)][:AT_MOST]


def tidy(name: str, address: str) -> tuple[str, str]:
    """A decoded, cleaned and bounded pair; the name is '' if it only repeats the address."""
    name = strings.line(words.decode(name), _NAME_LENGTH).strip("\"' ")
    address = strings.line(address.strip(" \t<>"), _ADDRESS_LENGTH)
    return ("" if name == address else name), address


def _items(value: str) -> list[str]:
    items = [""]
    for piece in _QUOTED_OR_COMMA.findall(value[: AT_MOST * 100]):
        if piece == ",":
            if len(items) > AT_MOST:
                break
            items.append("")
        else:
            items[-1] += piece
    return items


def _one(item: str) -> tuple[str, str]:
    item = _GROUP.sub("", item).strip(" \t;")
    angle = _ANGLE.search(item)
    if angle:
        return tidy(item[: angle.start()].replace('\\"', '"'), angle[1])
    bare = _BARE.search(item)
    if bare:
        comment = _COMMENT.search(item)
        return tidy(comment[1] if comment else "", bare[0])
    return tidy(item, "")
