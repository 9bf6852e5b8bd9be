"""The bytes of one leaf part, its transfer encoding undone as leniently as mail clients do."""

import binascii
import re
from email.message import Message

from mailboxes.rules import charsets
from mailboxes.rules.mime import words

_TOKEN = re.compile(r"[a-z0-9-]+")
_UU_LINES = 700_000  # of 45 bytes each: more than a message may have
_UUENCODE = {"x-uuencode", "uuencode", "uue", "x-uue"}
_META_CHARSET = re.compile(
    rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([a-zA-Z0-9_:.-]{1,40})", re.I
)


def encoding(part: Message) -> str:
    """The transfer encoding's token in lower case ('' if none); what follows it is junk."""
    found = _TOKEN.search(str(part.get("content-transfer-encoding", "")).lower())
    return found[0] if found else ""


def content(part: Message) -> bytes:
    """The decoded bytes of a leaf part."""
    return decoded(encoded(part), encoding(part))


def decoded(data: bytes, name: str) -> bytes:
    """`data` with the transfer encoding `name` undone; unchanged if there is none to undo."""
    if name == "base64":
        return words.base64_bytes(data)
    if name == "quoted-printable":
        return binascii.a2b_qp(data)
    if name in _UUENCODE:
        return _uudecoded(data)
    return data


def encoded(part: Message) -> bytes:
    """The bytes of a leaf part as sent."""
    payload = vars(part).get("_payload")  # get_payload() decodes by charsets that may be unknown
    if not isinstance(payload, str):
        return b""
    return words.octets(payload)


def text(part: Message, charset: str) -> str:
    """The text of a leaf part; HTML without a charset is asked for its <meta charset>."""
    data = content(part) or encoded(part)  # what is not in the encoding that it claims is not lost
    if not charset and part.get_content_subtype() == "html":
        meta = _META_CHARSET.search(data[:2048])
        charset = meta[1].decode("ascii") if meta else ""
        if charset.lower().startswith("utf-16"):
            charset = "utf-8"
    return charsets.decode(data, charset)


def uuencoded_name(part: Message) -> str:
    """The file name in a uuencoded part's begin line, or ''."""
    if encoding(part) not in _UUENCODE:
        return ""
    found = re.search(rb"(?:^|\n)begin [0-7]{3,4} ([^\r\n]{1,255})", encoded(part)[:4096])
    return charsets.decode(found[1]) if found else ""


def _uudecoded(data: bytes) -> bytes:
    """`data` itself where nothing is uuencoded, or in lines so short that only a bomb has them."""
    if data.count(b"\n") + data.count(b"\r") > 2 * _UU_LINES:
        return data
    lines = data.splitlines()
    start = next((i + 1 for i, row in enumerate(lines) if row.startswith(b"begin ")), -1)
    if start < 0:
        return data
    out = bytearray()
    for row in lines[start:]:
        if row.strip() in (b"end", b"`"):
            break
        out += _uu_line(row)
    return bytes(out)


def _uu_line(row: bytes) -> bytes:
    """One line; where its end is broken, as many bytes as its length says (as Python's uu does)."""
    try:
        return binascii.a2b_uu(row)
    except binascii.Error:
        size = (((row[0] - 32) & 63) * 4 + 5) // 3
        try:
            return binascii.a2b_uu(row[:size])
        except binascii.Error:
            return b""
