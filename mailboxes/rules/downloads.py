"""How the bytes of mail are handed out: saved under a harmless name, able to do nothing where they are shown."""

import re
import unicodedata
from urllib.parse import quote

POLICY = "sandbox; default-src 'none'"
_LONGEST_NAME = 150  # characters: with percent-encoding still a header that every server passes on
_NOT_ASCII_NAME = re.compile(r"[^A-Za-z0-9 ._()+-]")
_PATH_CHARACTERS = str.maketrans('/\\:*?"<>|', "_________")


def disposition(filename: str) -> str:
    """Return the Content-Disposition of a download (RFC 6266): an ASCII name, and the true one (RFC 8187).

    No percent sign, quote or backslash is in the ASCII name: browsers do not agree on what they mean there.
    """
    name = _harmless(filename)
    fallback = _NOT_ASCII_NAME.sub("_", name)
    return f"attachment; filename=\"{fallback}\"; filename*=UTF-8''{quote(name, safe='')}"


def _harmless(filename: str) -> str:
    """Return a name without control and format characters (also those that turn the direction), paths or dot files."""
    kept = "".join(char for char in filename if unicodedata.category(char)[0] != "C")
    name = kept.translate(_PATH_CHARACTERS).strip(" .")
    stem, dot, extension = name.rpartition(".")
    if len(name) > _LONGEST_NAME and dot and len(extension) <= 10:
        name = f"{stem[: _LONGEST_NAME - len(extension) - 1]}.{extension}"
    return name[:_LONGEST_NAME] or "attachment"
