"""Makes the HTML of mail harmless: nothing runs, nothing is fetched, nothing leaves the frame.

nh3 keeps a list of tags and attributes, which does not cover CSS: that is safe_css's work. Behind
both stand the sandboxed frame that the page shows the result in, and that frame's policy.
"""

import base64
import html as entities
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote

import nh3

from mailboxes.rules import html_allowed, html_cost, html_text, html_tokens, safe_css
from mailboxes.rules.parsing import Attachment

IMAGE_BYTES = 2 * 1024 * 1024
IMAGES_BYTES = 8 * 1024 * 1024
SHOWN_IMAGES_CHARACTERS = 16 * 1024 * 1024
"""Of data: URIs in one page; each use of an image counts."""

_LINK = re.compile(r"(?:https?://|mailto:)[^\x00-\x20]", re.IGNORECASE)
_REMOTE = re.compile(r"(?:https?:|ftp:)?[/\\]{2}|https?:", re.IGNORECASE)
_DATA_IMAGE = re.compile(
    r"data:image/(?:png|gif|jpe?g|webp|bmp|avif);base64,[A-Za-z0-9+/=\s]++", re.I
)
_BLANK = re.compile(
    r"(?:<style>[^<]*+</style>|<(?!hr\b|img\b[^>]*\b(?:src|alt)=)[^>]*+>|&nbsp;|\s)*+"
)
_COLOUR = re.compile(r"#?[0-9A-Za-z]{1,30}")
_MEDIA = re.compile(r"[\w\s():,.-]{1,200}")
_MAGIC = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"BM", "image/bmp"),
)


@dataclass(frozen=True, slots=True)
class SafeHtml:
    """A fragment in one div, and how many remote resources were taken out of it."""

    html: str
    blocked: int

    @property
    def is_blank(self) -> bool:
        """Whether a browser would show nothing at all of it, and nothing was blocked either."""
        return not self.blocked and bool(_BLANK.fullmatch(self.html))


@dataclass(slots=True)
class _Found:
    """What a scan of the document yields before nh3 sees it.

    `markup` is the document again, with quoted attributes of known names only: html5ever is
    quadratic in the attributes of one tag.
    """

    markup: list[str] = field(default_factory=list)
    gauge: html_cost.Gauge = field(default_factory=html_cost.Gauge)
    styles: list[str] = field(default_factory=list)
    body: dict[str, str] = field(default_factory=dict)
    fetched: int = 0

    def start_tag(self, name: str, attributes: dict[str, str]) -> None:
        """Write the tag back, and note what it says of the body or would fetch."""
        if name == "body" and not self.body:
            self.body = attributes
        if name in html_allowed.FETCHING:
            self.fetched += _fetches(name, attributes)
        written = [
            f' {key}="{entities.escape(value)}"'
            for key, value in attributes.items()
            if key in html_allowed.KNOWN_ATTRIBUTES
        ]
        self.markup.append(f"<{name}{''.join(written)}>")


def clean(html: str, images: Mapping[str, str]) -> SafeHtml:
    """`html` without anything active or remote.

    `images` maps content ids to data: URIs, see `inline_images`. HTML that would cost too much
    (html_cost) is shown as its text.
    """
    found = _scan(html[: html_cost.MAX_CHARACTERS])
    if len(html) > html_cost.MAX_CHARACTERS or found.gauge.too_costly():
        return SafeHtml(f"<div>{html_text.from_text(html_text.to_text(html))}</div>", 0)
    css = safe_css.Filter()
    attributes = _AttributeFilter(images, css)
    inner = nh3.clean(
        "".join(found.markup),
        tags=html_allowed.TAGS,
        clean_content_tags=html_allowed.REMOVED_WITH_CONTENT,
        attributes=html_allowed.ATTRIBUTES,
        attribute_filter=attributes,
        link_rel="noopener noreferrer nofollow",
        set_tag_attribute_values={"a": {"target": "_blank"}},
        url_schemes={"http", "https", "mailto", "cid", "data"},
    )
    sheet = "\n".join(filter(None, (css.stylesheet(style) for style in found.styles)))
    style = f"<style>{sheet}</style>" if sheet else ""
    wrapper = f"<div{_wrapper_attributes(found.body, css)}>{style}{inner}</div>"
    return SafeHtml(wrapper, attributes.blocked + css.blocked + found.fetched)


def inline_images(attachments: Iterable[Attachment]) -> dict[str, str]:
    """data: URIs by content id of the raster images (told by their first bytes) that a message
    may show: up to 2 MiB each and 8 MiB together."""
    images: dict[str, str] = {}
    total = 0
    for attachment in attachments:
        kind = _raster_type(attachment.content)
        if not (kind and attachment.content_id) or attachment.size > IMAGE_BYTES:
            continue
        if attachment.content_id in images or total + attachment.size > IMAGES_BYTES:
            continue
        total += attachment.size
        encoded = base64.b64encode(attachment.content).decode("ascii")
        images[attachment.content_id] = f"data:{kind};base64,{encoded}"
    return images


class _AttributeFilter:
    """nh3's attribute_filter: judges links, images and styles; counts what it blocks."""

    def __init__(self, images: Mapping[str, str], css: safe_css.Filter) -> None:
        self.blocked = 0
        self._images = images
        self._left = SHOWN_IMAGES_CHARACTERS
        self._css = css

    def __call__(self, tag: str, attribute: str, value: str) -> str | None:
        if tag not in html_allowed.TAGS:  # nh3 asks before it drops the tag
            return None
        if attribute == "style":
            return self._css.declarations(value) or None
        if attribute in ("src", "background"):
            return self._image(value.strip())
        if attribute == "href":
            return value.strip() if _LINK.match(value.strip()) else None
        return value

    def _image(self, value: str) -> str | None:
        if value[:4].lower() == "cid:":
            return self._shown(self._images.get(unquote(value[4:])) or self._images.get(value[4:]))
        if len(value) <= IMAGE_BYTES * 3 // 2 and _DATA_IMAGE.fullmatch(value):
            return value
        self.blocked += bool(_REMOTE.match(value))
        return None

    def _shown(self, image: str | None) -> str | None:
        """The data: URI while there is room: 50,000 uses of one image would be 100 GB."""
        if image is None or len(image) > self._left:
            return None
        self._left -= len(image)
        return image


def _scan(markup: str) -> _Found:
    found = _Found()
    media = ""
    for token in html_tokens.tokens(markup):
        if token.name == "":
            found.markup.append(token.data.replace("<", "&lt;"))
        elif token.name == "#style":
            found.styles.append(_for_media(media, token.data))
        elif token.name[0] == "/":
            found.markup.append(f"<{token.name}>")
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
    return sum(1 for value in values if _REMOTE.match(value.strip()))


def _wrapper_attributes(body: dict[str, str], css: safe_css.Filter) -> str:
    style = []
    for name, declared in (("bgcolor", "background-color"), ("text", "color")):
        if _COLOUR.fullmatch(body.get(name, "").strip()):
            style.append(f"{declared}:{body[name].strip()}")
    style.append(css.declarations(body.get("style", "")))
    written = ";".join(filter(None, style))
    attributes = f' style="{entities.escape(written)}"' if written else ""
    if body.get("dir", "").lower() in ("rtl", "ltr"):
        attributes += f' dir="{body["dir"].lower()}"'
    return attributes


def _raster_type(content: bytes) -> str:
    for magic, kind in _MAGIC:
        if content.startswith(magic):
            return kind
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    return "image/avif" if content[4:12] in (b"ftypavif", b"ftypavis") else ""
