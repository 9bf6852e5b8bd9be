"""Takes out of a log text what no log may hold: the second wall, behind texts that are fixed.

A pattern cannot know a subject, a name or a word of a mail: those are kept out by the first wall, and by dropping the
texts of exceptions altogether. Every pattern begins where a word begins or is bounded, so that the time is linear.
"""

import re
import traceback
from collections import deque
from pathlib import Path

MAX_TEXT = 2000  # characters
MAX_EXCEPTIONS = 4  # of a chain of causes
MAX_FRAMES = 12  # of one exception, the innermost
CUT = " [cut]"

# C0, C1, line and paragraph separators, bidi controls, halves of surrogate pairs: nothing may look like a second line.
_CONTROL = re.compile(
    "[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]+"
)
_SLASH, _REST = r"(?:/|%2f)", r"[^\s\"'<>]*"
_RULES = tuple(
    (re.compile(pattern, re.IGNORECASE), word)
    for pattern, word in (
        (r"tm[tk]_[\w-]*", "[token]"),
        (r"whsec_[\w+/=-]*", "[secret]"),
        # product/version and its comments (RFC 9110 10.1.5), one after the other
        (r"(?:\b[a-z][\w.-]{0,40}/\d[\w.+-]*\s?(?:\([^)]{0,300}\)\s?)*)+", "[agent] "),
        (r"\"[^\"]{0,64}\"@\S*", "[address]"),
        (r"(?<![^\s<>(),;\"])[^\s<>(),;\"]*(?:@|%40)[^\s<>(),;\"]*", "[address]"),
        (
            rf"{_SLASH}(?:m|open|api{_SLASH}(?:emails?|addresses|events|webhooks))(?:[/#?]|%2f|%23|%3f){_REST}",
            "/[path]",
        ),
        (rf"\?[^\s\"'<>]{_REST}", "?[query]"),
        (r"\b[0-9a-f]{8}(?:-?[0-9a-f]{4}){3}-?[0-9a-f]{12}\b", "[id]"),
        (r"[a-z0-9_-]{40,}", "[secret]"),
        # three colons or two in a row: a time of day has two
        (r"[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){3}[0-9a-f:.%]{0,60}", "[ip]"),
        (r"[0-9a-f]{0,4}(?::[0-9a-f]{1,4}){0,1}::[0-9a-f:.%]{0,60}", "[ip]"),
        (r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?", "[ip]"),
    )
)
# Most texts and values of ours: too short, and without a character that any rule needs.
_HARMLESS = re.compile(r"[A-Za-z0-9 ]{0,31}")
_CHECKOUT = f"{Path(__file__).resolve().parent.parent}/"


def scrub(text: str) -> str:
    """Return one line without addresses, tokens, paths of mailboxes, query strings, agents; at most MAX_TEXT long."""
    if _HARMLESS.fullmatch(text):
        return text
    cut = len(text) > MAX_TEXT
    text = _CONTROL.sub(" ", text[:MAX_TEXT])
    if cut:  # half a word may be half an address, which no pattern knows
        text = text[: max(0, text.rfind(" "))]
    for pattern, word in _RULES:
        text = pattern.sub(word, text)
    return text[:MAX_TEXT] + CUT if cut else text[:MAX_TEXT]


def describe(error: BaseException | None) -> str:
    """Return the classes and places of an exception and of its causes: no text, no value, no line of source."""
    parts: list[str] = []
    while error is not None and len(parts) < MAX_EXCEPTIONS:
        parts.append(f"{_kind(error)} at {_places(error)}")
        hidden = error.__suppress_context__
        error = error.__cause__ or (None if hidden else error.__context__)
    return _CONTROL.sub(" ", " | after ".join(parts))[: 2 * MAX_TEXT]


def _kind(error: BaseException) -> str:
    """The class, and the code that the system or the database gave: both from fixed lists."""
    name = f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins.")
    code = getattr(error, "pgcode", None)
    if isinstance(error, OSError):
        code = error.errno
    if isinstance(code, int) or (isinstance(code, str) and re.fullmatch(r"[0-9A-Z]{5}", code)):
        return f"{name} {code}"
    return name


def _places(error: BaseException) -> str:
    frames = deque(traceback.walk_tb(error.__traceback__), maxlen=MAX_FRAMES)
    places = [
        f"{_short(frame.f_code.co_filename)}:{line} {frame.f_code.co_name}"
        for frame, line in reversed(frames)
    ]
    return " < ".join(places) or "no place"


def _short(path: str) -> str:
    return path.removeprefix(_CHECKOUT).rpartition("site-packages/")[2]
