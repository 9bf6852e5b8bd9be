"""Header values as people read them: RFC 2047 encoded words, raw 8-bit text, folding."""

import binascii
import re

from mailboxes.rules import charsets, strings

# Each piece stops at a character that the next one begins with, so a failed match costs its length.
_WORD = re.compile(
    r"=\?([^?\s=]{1,64})\?([bBqQ])\?([^?\r\n]*(?:\?(?!=)[^?\r\n]*){0,4})\?=", re.ASCII
)
_FOLD = re.compile(r"\r?\n[ \t]*|\r[ \t]*")
_NOT_BASE64 = bytes(
    set(range(256)) - set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
)


def octets(value: str) -> bytes:
    """The bytes of a header value as compat32 keeps it (ASCII with surrogate escapes)."""
    return value.encode("utf-8", "surrogateescape") if value.isascii() else _escaped(value)


def raw_text(value: bytes, guess: str = "") -> str:
    """An unfolded header value: UTF-8 (RFC 6532), ISO-2022, the charset `guess` or windows-1252;
    encoded words stay."""
    return _FOLD.sub(" ", charsets.decode(value, "", guess)).strip()


def text(value: bytes, guess: str = "") -> str:
    """An unfolded, decoded and cleaned header value on one line."""
    return strings.line(decode(raw_text(value, guess)))


def decode(value: str) -> str:
    """`value` with its encoded words decoded; linear in its length.

    Neighbours of one charset are joined before decoding, as many senders split
    characters between words against RFC 2047 section 5; white space between words is dropped.
    """
    pieces: list[str] = []
    run = bytearray()
    charset, position = "", 0
    for word in _WORD.finditer(value):
        between = value[position : word.start()]
        label = word[1].partition("*")[0].lower()
        if between.strip() or label != charset:
            pieces.append(_flush(run, charset))
            pieces.append(between if between.strip() or not position else "")
            charset = label
        run += _word_bytes(word[2], word[3])
        position = word.end()
    pieces.append(_flush(run, charset))
    pieces.append(value[position:])
    return "".join(pieces)


def base64_bytes(data: bytes) -> bytes:
    """Base64 as mail clients read it: junk skipped, padding repaired, the end at the padding.

    A "=" that ends no group of four characters is junk too, as for Python's own decoder.
    """
    try:
        return binascii.a2b_base64(data)
    except binascii.Error:  # the last group is not complete, so no "=" ended one
        data = data.translate(None, _NOT_BASE64)
        data = data[: len(data) - (len(data) % 4 == 1)]
        return binascii.a2b_base64(data + b"=" * (-len(data) % 4))


def _flush(run: bytearray, charset: str) -> str:
    decoded = charsets.decode(bytes(run), charset) if run else ""
    run.clear()
    return decoded


def _word_bytes(encoding: str, encoded: str) -> bytes:
    data = encoded.encode("utf-8", "surrogateescape")
    if encoding in "bB":
        return base64_bytes(data)
    return binascii.a2b_qp(data, header=True)


def _escaped(value: str) -> bytes:
    try:
        return value.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return value.encode("utf-8", "replace")
