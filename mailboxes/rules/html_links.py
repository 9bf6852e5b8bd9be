"""Links in the HTML of mail say where they go: by their title, and by a mark where their text says otherwise."""

import html
import re

from mailboxes.rules import html_tokens

_LONGEST_TITLE = 300
_LONGEST_TEXT = 300
_MOST_MARKS = 300  # who needs more is no honest sender: the links behind lead nowhere
_HREF = re.compile(r"https?://", re.IGNORECASE)
_AUTHORITY = re.compile(r"https?:[/\\]{2}([^/\\?#]*)", re.IGNORECASE)
_PORT = re.compile(r":\d*$")
# What looks like a web address to a reader: with its scheme, with www, or under a common ending.
_SHOWN = re.compile(
    r"(?:https?://)(?P<full>[^\s/?#@:]+\.[^\s/?#@:]+)[^\s]*"
    r"|(?P<www>www\.[^\s/?#@:]+\.[^\s/?#@:]+)[^\s@]*"
    r"|(?P<bare>(?:[\w-]+\.)+(?:com|org|net|gov|edu|info|bank|de|fr|uk|eu|es|it|nl|pl|ru|ch|at|ca|au|jp|cn"
    r"|br|in|us))(?:[/?#:][^\s@]*)?",
    re.IGNORECASE,
)
# Names are registered below these, so three labels tell who it is.
_SECOND_LEVEL = {"co", "com", "org", "net", "gov", "ac", "edu", "gob", "gouv", "ne", "or", "go"}
_IGNORED = dict.fromkeys(map(ord, "\t\r\n"))
MARK_STYLE = (
    "all:revert;display:inline!important;visibility:visible!important;opacity:1!important;"
    "font:700 13px/1.4 system-ui,sans-serif!important;color:#8a1c12!important;"
    "background-color:#fff!important;position:static!important;text-indent:0!important"
)


class Marker:
    """Fed with the links of a document and the text in them, it says what to put at their ends."""

    def __init__(self, goes_to: str = "→ {host}") -> None:
        self._goes_to = goes_to
        self._href = ""
        self._shown: list[str] = []
        self._length = self._marks = 0

    def open(self, attributes: dict[str, str]) -> dict[str, str]:
        """The attributes of a link that begins: its title is its target, whatever the sender wrote."""
        # URL Standard 4.4: tabs and line ends in a URL are not there.
        href = attributes.get("href", "").strip().translate(_IGNORED)
        self._href, self._shown, self._length = "", [], 0
        if not _HREF.match(href):
            return {name: value for name, value in attributes.items() if name != "title"}
        if self._marks > _MOST_MARKS:
            return {name: value for name, value in attributes.items() if name != "href"}
        self._href = href
        return attributes | {"title": _cut(href)}

    def text(self, data: str) -> None:
        """Take note of text, which may be a link's."""
        if self._href and self._length <= _LONGEST_TEXT:
            self._shown.append(data[:_LONGEST_TEXT])
            self._length += len(data)

    def close(self) -> str:
        """The mark for the link that ends, '' where it needs none."""
        if not self._href:
            return ""
        shown = html_tokens.unescape("".join(self._shown)).strip()
        mark = self._mark(shown) if self._length <= _LONGEST_TEXT else ""
        self._href = ""
        return mark

    def _mark(self, shown: str) -> str:
        authority = _authority(self._href)
        host = authority.rpartition("@")[2]
        found = _SHOWN.fullmatch(shown)
        named = found["full"] or found["www"] or found["bare"] if found else ""
        if host and ("@" in authority or (named and _owner(named) != _owner(host))):
            self._marks += 1
            said = html.escape(self._goes_to.replace("{host}", host))
            return f' <span style="{MARK_STYLE}" dir="ltr">({said})</span>'
        return ""


def _authority(url: str) -> str:
    found = _AUTHORITY.match(url)
    return _PORT.sub("", found[1]).lower()[:255] if found else ""


def _owner(host: str) -> str:
    """The part of a host name that somebody registered, nearly: this decides on a mark, not on trust."""
    labels = host.lower().rstrip(".").split(".")
    count = 3 if len(labels) > 2 and labels[-2] in _SECOND_LEVEL else 2
    return ".".join(labels[-count:])


def _cut(url: str) -> str:
    return url if len(url) <= _LONGEST_TITLE else url[: _LONGEST_TITLE - 1] + "…"
