"""The header block of a message as bytes: repaired, split and read without any parser."""

import re

from mailboxes.rules.mime import words

_LINE_END = re.compile(rb"\r\n|\r|\n")
_FIELD = re.compile(rb"([!-9;-~]{1,200})[ \t]*:")
_MARK_BELOW_TRACE = re.compile(
    rb"(?:(?:return-path|delivered-to|received|envelope-to):[^\n]*+\n(?:[ \t][^\n]*+\n)*+)++"
    rb"(?=\xef\xbb\xbf[!-9;-~]++:)",
    re.IGNORECASE,
)
_BLANK_LINES = re.compile(rb"(?:[ \t]*+\r?\n)+")
_TRACE = {b"return-path", b"delivered-to", b"x-original-to", b"received", b"envelope-to"}
_START_OF_HEADERS = re.compile(
    rb"(?:from|to|subject|date|message-id|mime-version|content-type|received|return-path|reply-to"
    rb"|dkim-signature|sender|x-[a-z0-9-]+):",
    re.IGNORECASE,
)


def repaired(raw: bytes) -> bytes:
    """`raw` without a byte order mark or blank lines before its headers, or between a server's trace fields and them.

    A client that begins its DATA with a blank line would otherwise have all its headers shown
    as text, below the Received lines that servers put on top (RFC 5321 section 4.4).
    """
    raw = raw.removeprefix(b"\xef\xbb\xbf")
    leading = _BLANK_LINES.match(raw)
    if leading:
        raw = raw[leading.end() :]
    mark = _MARK_BELOW_TRACE.match(raw, 0, 65536)
    if mark:
        raw = raw[: mark.end()] + raw[mark.end() + 3 :]
    position = _end_of_trace(raw)
    blank = _BLANK_LINES.match(raw, position) if position else None
    if blank and _START_OF_HEADERS.match(raw, blank.end()):
        return raw[:position] + raw[blank.end() :]
    return raw


def fields(head: bytes, at_most: int) -> list[tuple[str, bytes]]:
    """The first `at_most` (name, folded value) pairs of a header block; junk lines are skipped."""
    found: list[tuple[str, list[bytes]]] = []
    for line in _LINE_END.split(head):
        if line[:1] in (b" ", b"\t") and found:
            found[-1][1].append(line)
            continue
        field = _FIELD.match(line)
        if not field:
            continue
        if len(found) >= at_most:
            break
        found.append((field[1].decode("ascii"), [line[field.end() :]]))
    return [(name, b"\n".join(lines)) for name, lines in found]


def readable(pairs: list[tuple[str, bytes]], guess: str) -> tuple[tuple[str, str], ...]:
    """The pairs as text: unfolded, decoded (raw 8-bit bytes by the charset `guess`), cleaned."""
    return tuple((name, words.text(value, guess)) for name, value in pairs)


def first(pairs: list[tuple[str, bytes]], name: str) -> bytes:
    """The value of the first field of that (lower-case) name that is not blank, or b''."""
    return next((value for key, value in pairs if key.lower() == name and value.strip()), b"")


def _end_of_trace(raw: bytes) -> int:
    """Offset of the blank line below a block of trace fields only, or 0."""
    position, name = 0, b""
    while position < min(len(raw), 65536):
        end = raw.find(b"\n", position)
        line = raw[position : end if end >= 0 else len(raw)]
        if not line.strip():
            return position
        if line[:1] not in (b" ", b"\t"):
            name = line.partition(b":")[0].lower()
        if name not in _TRACE or end < 0:
            return 0
        position = end + 1
    return 0
