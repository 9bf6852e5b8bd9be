"""Where the attached messages lie in the bytes of a message, so that they come out as sent.

compat32's tree forgets line ends, blank lines and spaces around boundaries. Where what is found
here does not agree with that tree, nothing is returned, and mime.source writes the message back.
"""

import re
from email.message import Message

from mailboxes.rules.mime import words

_BODY = re.compile(rb"\n\r?\n|\r\r(?!\n)")
_LINE_REST = re.compile(rb"(--)?[ \t]*+(\r?\n|\r|\Z)")
_CANDIDATES = 50_000


def attached_messages(root: Message, raw: bytes) -> dict[int, bytes]:
    """The bytes below each message/* part that lies in multiparts of `root`, by the part's id()."""
    found: dict[int, bytes] = {}
    _locate(root, raw, 0, len(raw), found)
    return found


def _locate(part: Message, raw: bytes, start: int, end: int, found: dict[int, bytes]) -> None:
    if not part.is_multipart():
        return
    below = [child for child in part.get_payload() if isinstance(child, Message)]
    start = _body(raw, start, end)
    if part.get_content_maintype() == "message":
        content = raw[start:end]
        if below and _agrees(below[0], content):
            found[id(part)] = content
        return
    spans = _children(raw, start, end, b"--" + words.octets(str(part.get_boundary() or "")))
    if len(spans) == len(below):
        for child, (first, last) in zip(below, spans, strict=True):
            _locate(child, raw, first, last, found)


def _body(raw: bytes, start: int, end: int) -> int:
    """Where the body of the part in raw[start:end] begins; a part may have no header at all."""
    if raw[start : start + 1] in (b"\n", b"\r"):
        return start + (2 if raw[start : start + 2] == b"\r\n" else 1)
    blank = _BODY.search(raw, start, end)
    return blank.end() if blank else end


def _agrees(child: Message, content: bytes) -> bool:
    """Whether `content` begins as the parsed message does: with its first header, or without."""
    names = child.keys()
    start = content[:2000].lstrip().lower()
    first = names[0].lower().encode("utf-8", "replace") if names else b""
    return start.startswith((first, b"from "))


def _children(raw: bytes, start: int, end: int, delimiter: bytes) -> list[tuple[int, int]]:
    """The spans between the delimiter lines of raw[start:end] (RFC 2046 section 5.1.1)."""
    spans: list[tuple[int, int]] = []
    opened, position = -1, start
    for _ in range(_CANDIDATES):
        position = raw.find(delimiter, position, end)
        if position < 0:
            break
        rest = _LINE_REST.match(raw, position + len(delimiter), end)
        if not rest or (position > start and raw[position - 1 : position] not in (b"\n", b"\r")):
            position += len(delimiter)
            continue
        if opened >= 0:
            spans.append((opened, _line_end_before(raw, opened, position)))
        opened = -1 if rest[1] else rest.end()
        if rest[1]:
            break
        position = rest.end()
    if opened >= 0:
        spans.append((opened, end))
    return spans


def _line_end_before(raw: bytes, start: int, position: int) -> int:
    """The line end before a delimiter belongs to the delimiter."""
    size = 2 if raw[position - 2 : position] == b"\r\n" else 1
    return max(start, position - size)
