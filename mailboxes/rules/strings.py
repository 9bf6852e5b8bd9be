"""Text of strangers made fit for a database, a page and a file system."""

import re

_SURROGATES = re.compile("[\ud800-\udfff]")
_CONTROLS = {code: None for code in (*range(32), *range(127, 160)) if code not in (9, 10)}
_BLOCK = str.maketrans(_CONTROLS)
# Bidirectional embeddings, overrides and isolates (UAX #9): they make exe.fdp read as pdf.exe.
_BIDI = [*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x061C]
_LINE = str.maketrans(
    {**_CONTROLS, 9: " ", 10: " ", 13: " ", 0x2028: " ", 0x2029: " ", **dict.fromkeys(_BIDI)}
)
_UNWANTED_IN_NAMES = str.maketrans(dict.fromkeys('<>:"|?*', "_"))
FILENAME_BYTES = 255


def block(text: str) -> str:
    r"""`text` with \n line ends, without NUL, lone surrogates and controls other than \n and \t."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _without_surrogates(text).translate(_BLOCK)


def line(text: str, length: int = 0) -> str:
    """`text` on one line, at most `length` characters if given, without bidi overrides."""
    text = " ".join(_without_surrogates(text).translate(_LINE).split())
    if length and len(text) > length:
        return text[: length - 1].rstrip() + "…"
    return text


def filename(name: str) -> str:
    """The last part of a path as a safe file name of at most 255 bytes of UTF-8, or ''.

    No separator, control, bidi override, drive or leading dot survives; the extension is kept.
    """
    name = line(name).replace("\\", "/").rpartition("/")[2]
    name = name.translate(_UNWANTED_IN_NAMES).strip(" .")
    return _shorten(name)


def utf8_prefix(text: str, size: int) -> str:
    """The longest prefix of `text` that has at most `size` bytes in UTF-8."""
    return text.encode("utf-8", "replace")[: max(size, 0)].decode("utf-8", "ignore")


def _shorten(name: str) -> str:
    if len(name.encode("utf-8")) <= FILENAME_BYTES:
        return name
    stem, dot, extension = name.rpartition(".")
    ending = dot + extension
    if not stem or len(ending.encode("utf-8")) > 32:
        return utf8_prefix(name, FILENAME_BYTES).strip(" .")
    return utf8_prefix(stem, FILENAME_BYTES - len(ending.encode("utf-8"))).rstrip(" .") + ending


def _without_surrogates(text: str) -> str:
    try:
        text.encode()  # far faster than to look for them; nearly always there are none
    except UnicodeEncodeError:
        return _SURROGATES.sub("\N{REPLACEMENT CHARACTER}", text)
    return text
