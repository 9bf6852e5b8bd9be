"""Makes the HTML of mail harmless: nothing runs, nothing is fetched, nothing leaves the frame.

nh3 keeps a list of tags and attributes, which does not cover CSS: that is safe_css's work. Behind
both stand the sandboxed frame that the page shows the result in, and that frame's policy.
"""

import base64
import html as entities
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

import nh3

from mailboxes.rules import html_allowed, html_cost, html_links, html_scan, html_text, safe_css
from mailboxes.rules.parsing import Attachment

IMAGE_BYTES = 2 * 1024 * 1024
IMAGES_BYTES = 8 * 1024 * 1024
SHOWN_IMAGES_CHARACTERS = 16 * 1024 * 1024
"""Of data: URIs in one page; each use of an image counts."""
TRACKER_HOSTS = 50


_LINK = re.compile(r"(?:https?://|mailto:)[^\x00-\x20]", re.IGNORECASE)
_REMOTE_IMAGE = re.compile(r"(?:https?:)?//(?=[A-Za-z0-9])", re.IGNORECASE)
_DATA_IMAGE = re.compile(
    r"data:image/(?:png|gif|jpe?g|webp|bmp|avif);base64,[A-Za-z0-9+/=\s]++", re.I
)
_BLANK = re.compile(
    r"(?:<style>[^<]*+</style>|<(?!hr\b|img\b[^>]*\b(?:src|alt)=)[^>]*+>|&nbsp;|\s)*+"
)
_COLOUR = re.compile(r"#?[0-9A-Za-z]{1,30}")
_COLOURED = re.compile(
    r"\b(?:bgcolor|background|color|text)=|(?:color|background|fill|stroke|shadow)\s*:", re.I
)
_DOCTYPE = re.compile(r"\s*(?:<\?[^>]{0,200}>\s*)?<!doctype\b", re.IGNORECASE)

_MAGIC = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"BM", "image/bmp"),
)


@dataclass(frozen=True, slots=True)
class SafeHtml:
    """A fragment in one div, and how many remote resources were taken out of it.

    `trackers` of these were there only to be fetched, from `tracker_hosts`; `images` were there to
    be seen. `quirks`: it has no doctype, and looks as sent only in a page without one.
    `has_colours`: it chooses some itself, so a page may not turn the others dark.
    """

    html: str
    blocked: int
    trackers: int = 0
    tracker_hosts: tuple[str, ...] = ()
    images: int = 0
    quirks: bool = True
    has_colours: bool = False

    @property
    def others(self) -> int:
        """Blocked, and not known as a tracker."""
        return self.blocked - self.trackers

    @property
    def is_blank(self) -> bool:
        """Whether a browser would show nothing at all of it, and nothing was blocked either."""
        return not self.blocked and bool(_BLANK.fullmatch(self.html))


def clean(
    html: str, images: Mapping[str, str], *, remote_images: bool = False, goes_to: str = "→ {host}"
) -> SafeHtml:
    """`html` without anything active or remote, with links that say where they go.

    `images` maps content ids to data: URIs, see `inline_images`. With `remote_images` those of
    others stay, by https, unless they are trackers. `goes_to` marks a link whose text names another
    host than it leads to. HTML that would cost too much (html_cost) is shown as its text.
    """
    found = html_scan.scan(html[: html_cost.MAX_CHARACTERS], goes_to)
    if len(html) > html_cost.MAX_CHARACTERS or found.gauge.too_costly():
        return SafeHtml(f"<div>{html_text.from_text(html_text.to_text(html))}</div>", 0)
    css = safe_css.Filter()
    attributes = _AttributeFilter(images, css, remote_images)
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
    return SafeHtml(
        wrapper,
        attributes.blocked + css.blocked + found.fetched + len(found.trackers),
        len(found.trackers),
        tuple(dict.fromkeys(filter(None, found.trackers)))[:TRACKER_HOSTS],
        attributes.blocked,
        not _DOCTYPE.match(html),
        _has_colours(found, sheet),
    )


def _has_colours(found: html_scan.Found, sheet: str) -> bool:
    """Whether the mail chooses colours itself; the marks on links are ours."""
    markup = "".join(found.markup).replace(html_links.MARK_STYLE, "")
    body = " ".join(f"{name}={value}" for name, value in found.body.items())
    return any(_COLOURED.search(part) for part in (body, sheet, markup))


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

    def __init__(self, images: Mapping[str, str], css: safe_css.Filter, remote: bool) -> None:
        self.blocked = 0
        self._remote = remote
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
        if self._remote and (found := _REMOTE_IMAGE.match(value)):
            return f"https://{value[found.end() :]}"
        self.blocked += bool(html_scan.REMOTE.match(value))
        return None

    def _shown(self, image: str | None) -> str | None:
        """The data: URI while there is room: 50,000 uses of one image would be 100 GB."""
        if image is None or len(image) > self._left:
            return None
        self._left -= len(image)
        return image


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
