"""Reads the HTML of mail before nh3 does: notes what it would fetch and how it looks, and writes it back, tame."""

import html as entities
import re
from dataclasses import dataclass, field

from mailboxes.rules import html_allowed, html_cost, html_links, html_tokens, trackers

REMOTE = re.compile(r"(?:https?:|ftp:)?[/\\]{2}|https?:", re.IGNORECASE)
_MEDIA = re.compile(r"[\w\s():,.-]{1,200}")


@dataclass(slots=True)
class Found:
    """What a scan of the document yields before nh3 sees it.

    `markup` is the document again, with quoted attributes of known names only: html5ever is
    quadratic in the attributes of one tag.
    """

    markup: list[str] = field(default_factory=list)
    gauge: html_cost.Gauge = field(default_factory=html_cost.Gauge)
    styles: list[str] = field(default_factory=list)
    body: dict[str, str] = field(default_factory=dict)
    fetched: int = 0
    trackers: list[str] = field(default_factory=list)
    links: html_links.Marker = field(default_factory=html_links.Marker)

    def start_tag(self, name: str, attributes: dict[str, str]) -> None:
        """Write the tag back, and note what it says of the body or would fetch."""
        if name == "body" and not self.body:
            self.body = attributes
        if name in html_allowed.FETCHING:
            self.fetched += _fetches(name, attributes)
        if name == "img":
            attributes = self._without_tracker(attributes)
        elif name == "a":
            self.markup.append(self.links.close())
            attributes = self.links.open(attributes)
        written = [
            f' {key}="{entities.escape(value)}"'
            for key, value in attributes.items()
            if key in html_allowed.KNOWN_ATTRIBUTES
        ]
        self.markup.append(f"<{name}{''.join(written)}>")

    def end_tag(self, name: str) -> None:
        """Write the end of an element back, behind the mark of a link that needs one."""
        if name == "a":
            self.markup.append(self.links.close())
        self.markup.append(f"</{name}>")

    def text(self, data: str) -> None:
        """Write text back."""
        self.links.text(data)
        self.markup.append(data.replace("<", "&lt;"))

    def _without_tracker(self, attributes: dict[str, str]) -> dict[str, str]:
        if not REMOTE.match(attributes.get("src", "").strip()):
            return attributes
        if not trackers.is_tracker(attributes):
            return attributes
        self.trackers.append(trackers.host_of(attributes["src"]))
        return attributes | {"src": ""}


def scan(markup: str, goes_to: str) -> Found:
    """Read a document up to where it becomes too costly; `goes_to` marks links, see html_links."""
    found = Found(links=html_links.Marker(goes_to))
    media = ""
    for token in html_tokens.tokens(markup):
        if token.name == "":
            found.text(token.data)
        elif token.name == "#style":
            found.styles.append(_for_media(media, token.data))
        elif token.name[0] == "/":
            found.end_tag(token.name[1:])
            found.gauge.add(token)
        elif token.name[0] != "#":
            attributes = html_tokens.attributes(token.data) if token.data else {}
            media = attributes.get("media", "")
            found.start_tag(token.name, attributes)
            found.gauge.add(token)
            if found.gauge.too_costly():
                break
    return found


def _for_media(media: str, style: str) -> str:
    style = style.replace("<!--", "").replace("-->", "")
    return f"@media {media}{{{style}}}" if media and _MEDIA.fullmatch(media) else style


def _fetches(tag: str, attributes: dict[str, str]) -> int:
    values = (attributes.get(name, "") for name in html_allowed.FETCHING[tag])
    return sum(1 for value in values if REMOTE.match(value.strip()))
