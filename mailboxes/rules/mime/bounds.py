"""What a message may cost, checked by linear scans of its bytes before any parser sees them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_HEADERS_ENDS = (b"\n\n", b"\n\r\n", b"\r\r")
# These read what `_flat` makes, each from where `_content_fields` has found one.
# str.strip(), which the standard library trims values with, also takes the separators 1C to 1F.
_CONTENT = b"\ncontent-"
_CONTAINER = re.compile(rb"\ncontent-type:[\s\x1c-\x1f]*(?:multipart|message)/")
_CONTENT_HEADER = re.compile(
    rb"\ncontent-(?:type|disposition|id|transfer-encoding|description):"
    rb"([^\n]*+(?:\n[ \t][^\n]*+)*)"
)
_DASHES = re.compile(rb"(?:^|[\r\n])--([^\r\n]*)")
_BOUNDARY = re.compile(
    rb"boundary(\*[^\s=]{0,8})?[\s\x1c-\x1f]*+=[\s\x1c-\x1f]*+(?=([^\r\n]{0,200}))", re.IGNORECASE
)
_TRIMMED = b" \t\x0b\x0c\x1c\x1d\x1e\x1f"
_BOUNDARIES = 10_000
_HEADER_RUN = re.compile(
    rb"(?:(?<=[\r\n])|^)[!-9;-~]++:[^\r\n]*+(?:(?:\r\n|\r|\n)(?:[!-9;-~]++:|[ \t])[^\r\n]*+)*+"
)
_WORD_START = re.compile(rb"(?:=|%3d)(?:\?|%3f)", re.IGNORECASE)
_STATUS_REPORT = re.compile(rb"message/(?:global-)?delivery-status")
_BLANK_LINE = re.compile(rb"(?<=\n)\n")


@dataclass(frozen=True, slots=True)
class Limits:
    """Upper bounds. A message beyond one of them is shown by its headers and source only."""

    message_bytes: int = 64 * 1024 * 1024
    header_bytes: int = 256 * 1024
    headers: int = 2_000
    inner_headers: int = 100_000
    """Lines in long blocks that look like headers, anywhere: those of parts and inner messages."""
    parts: int = 2_000
    containers: int = 80
    """Multipart and message/* headers anywhere; nesting cannot be deeper than these are many."""
    line_visits: int = 8_000_000
    """Lines times open boundaries: each line is compared with each of them."""
    content_header_bytes: int = 16 * 1024
    parameters: int = 300
    """Semicolons in one Content-* header; the standard library is quadratic in them."""


def exceeded(raw: bytes, limits: Limits) -> str:
    """The name of the first limit that `raw` is beyond, or '' if it may be parsed."""
    checks = (
        ("message_bytes", len(raw) > limits.message_bytes),
        ("header_bytes", not _header_fits(raw, limits)),
    )
    for name, beyond in checks:
        if beyond:
            return name
    flat = _flat(raw)
    containers = _containers(flat)
    if containers > limits.containers:
        return "containers"
    if _lines(raw) * (2 + containers) > limits.line_visits:
        return "line_visits"
    if _parts(raw, flat, limits.parts) > limits.parts:
        return "parts"
    if _inner_headers(raw, limits) > limits.inner_headers:
        return "inner_headers"
    return "" if _content_headers_fit(flat, limits) else "parameters"


def is_heavy(raw: bytes) -> bool:
    """Whether mail-parser should be spared `raw`: it writes each attached container out again,
    at each level. compat32 alone reads such a message in time."""
    containers = _containers(_flat(raw))
    return containers > 6 and containers * max(_lines(raw), len(raw) // 50) > 500_000


def header_end(raw: bytes, at_most: int) -> int:
    """Offset of the blank line that ends the headers, or -1 if not within `at_most` bytes."""
    ends = [end for each in _HEADERS_ENDS if (end := raw.find(each, 0, at_most)) >= 0]
    if not ends:
        return len(raw) if len(raw) <= at_most else -1
    end = min(ends)
    return end - 1 if raw[end : end + 1] == b"\n" and raw[end - 1 : end] == b"\r" else end


def _flat(raw: bytes) -> bytes:
    """In lower case, each line behind one LF, the first one too."""
    return b"\n" + raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n").lower()


def _content_fields(flat: bytes) -> Iterator[int]:
    """Where lines begin with the name of a Content-* field."""
    at = flat.find(_CONTENT)
    while at >= 0:
        yield at
        at = flat.find(_CONTENT, at + len(_CONTENT))


def _containers(flat: bytes) -> int:
    return sum(1 for at in _content_fields(flat) if _CONTAINER.match(flat, at))


def _header_fits(raw: bytes, limits: Limits) -> bool:
    end = header_end(raw, limits.header_bytes)
    if end < 0:
        return False
    head = raw[:end]
    lines = head.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    names = sum(1 for line in lines if line[:1] not in (b" ", b"\t", b""))
    return names <= limits.headers and _open_words_cost(lines) <= 10_000_000


def _open_words_cost(lines: list[bytes]) -> int:
    """Characters that a search for the ends of encoded words that never end would read.

    email.header.decode_header looks from each "=?" to the end of the line.
    """
    cost = 0
    for line in lines:
        tail = line[line.rfind(b"?=") + 1 :] if b"?=" in line else line
        cost += tail.count(b"=?") * len(tail)
    return cost


def _lines(raw: bytes) -> int:
    if b"\r" not in raw:
        return raw.count(b"\n")
    return raw.count(b"\n") + raw.count(b"\r") - raw.count(b"\r\n")


def _parts(raw: bytes, flat: bytes, enough: int) -> int:
    """At least as many as the parser would make; lines that begin with two dashes in the usual
    case, and only where these are many, those that are a boundary of this message."""
    reports = _status_blocks(flat)
    dashes = raw.count(b"\n--") + raw.count(b"\r--")
    if dashes + reports <= enough:
        return dashes + reports
    boundaries = _boundaries(raw)
    if boundaries is None:
        return dashes + reports
    return reports + sum(_is_boundary(found[1], boundaries) for found in _DASHES.finditer(raw))


def _inner_headers(raw: bytes, limits: Limits) -> int:
    if raw.count(b":") <= limits.headers or _lines(raw) <= limits.inner_headers:
        return 0
    runs = (_lines(found[0]) for found in _HEADER_RUN.finditer(raw))
    return sum(lines for lines in runs if lines > limits.headers)


def _status_blocks(flat: bytes) -> int:
    """Blank lines in delivery statuses: each block there becomes a message (RFC 3464 section 2.1)."""
    if b"delivery-status" not in flat:
        return 0
    blocks = end = 0
    for report in _STATUS_REPORT.finditer(flat):
        if report.start() < end:
            continue
        end = flat.find(b"\n--", report.end())
        end = end if end >= 0 else len(flat)
        blocks += sum(1 for _ in _BLANK_LINE.finditer(flat, report.end(), end))
    return blocks


def _boundaries(raw: bytes) -> set[bytes] | None:
    """Every value that could be a boundary, or None if one is written in a roundabout way."""
    values: set[bytes] = set()
    for found in _BOUNDARY.finditer(raw):
        variants = _variants(found[2])
        if found[1] or not variants or len(values) > _BOUNDARIES:
            return None
        values |= variants
    return values


def _variants(rest: bytes) -> set[bytes]:
    """What a parser may take for the value that `rest` of a line begins with; empty if unclear."""
    quoted = rest[1:].partition(b'"') if rest[:1] == b'"' else (b"", b"-", b"")
    bare = rest.partition(b";")
    cut_off = len(rest) == 200 and not (quoted[1] and (bare[1] or rest[:1] == b'"'))
    if b"\\" in rest or cut_off:
        return set()
    value = bare[0].strip(_TRIMMED)
    return {quoted[0].rstrip(), value, value.strip(b'"').rstrip(), value.strip(b"<>").rstrip()}


def _is_boundary(line: bytes, boundaries: set[bytes]) -> bool:
    line = line.rstrip(b" \t")
    return line in boundaries or (line.endswith(b"--") and line[:-2] in boundaries)


def _content_headers_fit(flat: bytes, limits: Limits) -> bool:
    semicolons = 0
    for at in _content_fields(flat):
        if not (found := _CONTENT_HEADER.match(flat, at)):
            continue
        here = found[1].count(b";")
        semicolons += here
        if here > limits.parameters or len(found[1]) > limits.content_header_bytes:
            return False
        if here > 20 and len(_WORD_START.findall(found[1])) > limits.parameters:
            return False
    return semicolons <= 16 * limits.parameters + 4 * limits.parts
