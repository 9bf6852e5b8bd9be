"""Bytes of mail to text, read as a browser would read them; never raises on hostile input."""

import re
from collections.abc import Callable

import webencodings

# What browsers do not know (or refuse) but mail still carries. Anything else that Python calls
# a codec stays out: punycode and idna are slow, unicode_escape and the rest are not charsets.
_PYTHON_CODECS = re.compile(
    r"(?:ibm-?|cp-?)?(?:037|273|424|437|500|720|737|775|85[0-8]|86[0-9]|875|1006|1026|1125|1140)"
    r"|utf-?7|unicode-1-1-utf-7|utf-?32(?:[bl]e)?|utf-?16be"
    r"|iso-?2022-?kr|csiso2022kr|iso-?2022-?jp-?(?:1|2|3|2004|ext)"
    r"|hz|hz-?gb|hz-?gb-?2312|johab|ms1361|ptcp154|kz-?1048|mac-?(?:greek|turkish|iceland|latin2)"
)
_ALIASES = {
    "unicode-1-1-utf-7": "utf-7",
    "csiso2022kr": "iso2022_kr",
    "hz-gb": "hz",
    "hz-gb-2312": "hz",
    "hzgb2312": "hz",
}
_UTF7 = {"utf-7", "utf7"}
_BARE_NUMBER = re.compile(r"(?:ibm-?|cp-?)?(\d+)")
_NO_CHARSET = {"", "us-ascii", "ascii", "ansi_x3.4-1968", "x-unknown", "unknown-8bit", "default"}
_JIS_ESCAPE = re.compile(rb"\x1b(\(B|\(J|\(I|\$@|\$B|\$\(D)")
_JIS_BYTES = 1_000_000  # beyond, Python's codec: faster, without the vendor characters
_BOMS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")


def decode(data: bytes, label: str = "", guess: str = "") -> str:
    """Text of `data` in the charset `label`, as the WHATWG Encoding Standard reads it.

    Without a (known) charset: ISO-2022 escapes, then UTF-8 if it is valid, then the charset
    `guess`, then windows-1252.
    What cannot be decoded becomes U+FFFD. May hold NUL and controls: see `strings`.
    """
    name = label.strip(" \t\r\n\"'").lower()
    if data.startswith(_BOMS):
        return str(webencodings.decode(data, "utf-8", "replace")[0])
    codec = _codec(name) or (lambda data: _guess(data, guess))
    try:
        return codec(data)
    except (LookupError, UnicodeError, ValueError):
        return _guess(data, "")


def _codec(name: str) -> Callable[[bytes], str] | None:
    if name in _NO_CHARSET:
        return None
    if name in ("iso-2022-jp", "csiso2022jp"):
        return _iso_2022_jp
    if _PYTHON_CODECS.fullmatch(name):
        python_name = _python_name(name)
        return lambda data: data.decode(python_name, "replace")
    encoding = webencodings.lookup(name)
    if encoding is None or encoding.name in ("replacement", "x-user-defined"):
        return None
    if encoding.name == "utf-8":
        return lambda data: data.decode("utf-8", "replace")
    return lambda data: _legacy(data, encoding.codec_info.name)


def _python_name(name: str) -> str:
    number = _BARE_NUMBER.fullmatch(name)
    if number:
        return f"cp{number[1]}"
    return _ALIASES.get(name, name)


def _legacy(data: bytes, codec: str) -> str:
    """Strictly; else as UTF-8, which many senders mean; else with U+FFFD."""
    try:
        return data.decode(codec)
    except UnicodeDecodeError:
        pass
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode(codec, "replace")


def _guess(data: bytes, label: str) -> str:
    if b"\x1b$)C" in data[:1024]:
        return data.decode("iso2022_kr", "replace")
    if b"\x1b$B" in data or b"\x1b$@" in data:
        return _iso_2022_jp(data)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        codec = _codec(label.lower())
        return codec(data) if codec else data.decode("cp1252", "replace")


def _iso_2022_jp(data: bytes) -> str:
    """ISO-2022-JP with the vendor characters of windows-932 that browsers accept.

    Escapes as in RFC 1468; a double-byte run is moved into Shift_JIS by arithmetic.
    """
    if len(data) > _JIS_BYTES:
        return data.decode("iso2022_jp_ext", "replace")
    pieces = _JIS_ESCAPE.split(data)
    text = [pieces[0].decode("utf-8", "replace")]
    for escape, run in zip(pieces[1::2], pieces[2::2], strict=True):
        if escape in (b"$B", b"$@"):
            text.append(_jis_lines(run))
        elif escape == b"(I":
            text.append(bytes(byte | 0x80 for byte in run).decode("cp932", "replace"))
        elif escape == b"$(D":
            text.append((b"\x1b$(D" + run + b"\x1b(B").decode("iso2022_jp_ext", "replace"))
        else:
            text.append(run.decode("utf-8", "replace"))
    return "".join(text)


def _jis_lines(run: bytes) -> str:
    """A line end returns to ASCII, as RFC 1468 demands, when the escape was forgotten."""
    first, separator, rest = run.partition(b"\n")
    return _to_shift_jis(first).decode("cp932", "replace") + (separator + rest).decode(
        "utf-8", "replace"
    )


def _to_shift_jis(run: bytes) -> bytes:
    out = bytearray()
    for first, second in zip(run[::2], run[1::2], strict=False):
        row = (first - 0x21) // 2
        lead = row + (0x81 if row < 31 else 0xC1)
        offset = (0x1F if second < 0x60 else 0x20) if first % 2 else 0x7E
        out += bytes((lead & 0xFF, (second + offset) & 0xFF))
    return bytes(out)
