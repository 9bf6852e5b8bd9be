"""Plain text with its web addresses made into links; linear in the length of the text."""

import re

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

LONGEST = 200_000  # characters in which links are looked for
_LINK = re.compile(r"https?://[^\s<>\"'`\x00-\x20\u2028\u2029]{1,2000}", re.IGNORECASE)
_TRAILING = ".,;:!?)]}"


def linkify(text: str) -> SafeString:
    """Return `text` escaped, with links that open apart from our page and tell nobody where they came from."""
    pieces: list[SafeString] = []
    end = 0
    for match in _LINK.finditer(text, 0, LONGEST):
        link = match.group().rstrip(_TRAILING)
        pieces.append(format_html("{}", text[end : match.start()]))
        pieces.append(_anchor(link))
        end = match.start() + len(link)
    pieces.append(format_html("{}", text[end:]))
    return format_html_join("", "{}", ((piece,) for piece in pieces))


def _anchor(link: str) -> SafeString:
    template = '<a href="{}" target="_blank" rel="noopener noreferrer nofollow">{}</a>'
    return format_html(template, link, link)
