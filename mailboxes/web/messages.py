"""One message: as text, as HTML in its frame, its headers, its source. Every view of it works without JavaScript."""

import re
import uuid
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from mailboxes.rules import safe_html
from mailboxes.rules.safe_html import SafeHtml
from mailboxes.services import reading
from mailboxes.services.reading import OpenMailbox, OpenMessage
from mailboxes.web import attached, heads, images, times
from mailboxes.web import sender as senders
from mailboxes.web.access import mailbox_view
from mailboxes.web.inbox import address_parts
from mailboxes.web.linkify import linkify

SOURCE_SHOWN = 200_000  # bytes in the page; the whole is one click away
_HAS_BODY = re.compile(rb"\n\r?\n\s*+\S")


@dataclass(frozen=True, slots=True)
class Tab:
    """One way to look at a message, with the key that opens it."""

    view: str
    name: str
    current: bool
    key: int


@dataclass(frozen=True, slots=True)
class Link:
    """A link of a confirmation; its host is who is visited."""

    url: str
    host: str


@mailbox_view
@require_http_methods(["GET", "HEAD", "POST"])
def message(request: HttpRequest, opened: OpenMailbox, message_id: uuid.UUID) -> HttpResponse:
    """Show a message, and mark it seen. A POST shows it with the images of others, this once."""
    opened_message = reading.message(opened, message_id)
    views = _views(opened_message)
    asked = request.GET.get("view", "")
    cleaned = None if asked in views and asked != "html" else _cleaned(opened_message)
    view = asked if asked in views else _best_view(opened_message, cleaned)
    newer, older = reading.neighbours(opened, opened_message.item.sequence)
    context = {
        **address_parts(opened),
        "mailbox": opened.mailbox,
        "message": opened_message.parsed,
        "item": opened_message.item,
        "age": times.age(opened_message.item.received_at, opened.now),
        "tabs": [Tab(each, views[each], each == view, n) for n, each in enumerate(views, start=1)],
        "view": view,
        "newer": newer,
        "older": older,
        "links": [Link(url, urlsplit(url).netloc) for url in opened_message.item.summary.links],
        "attachments": attached.rows(opened_message),
        "sender": senders.sender(opened_message.item.summary.auth),
        "image_pass": images.give(message_id) if request.method == "POST" else "",
        **_body(opened_message, view, cleaned),
    }
    return render(request, "mailboxes/message.html", context)


def _views(opened: OpenMessage) -> dict[str, str]:
    """Return the ways to look at this message."""
    views = {"headers": _("Headers"), "source": _("Source")}
    if opened.parsed.unreadable or opened.parsed.partial:
        return {"source": _("Source"), "headers": _("Headers")}
    text = {"text": _("Text")}
    return ({"html": _("As sent")} if opened.parsed.html else {}) | text | views


def _cleaned(opened: OpenMessage) -> SafeHtml | None:
    if not opened.parsed.html:
        return None
    inline = safe_html.inline_images(opened.parsed.attachments)
    return safe_html.clean(opened.parsed.html, inline)


def _best_view(opened: OpenMessage, cleaned: SafeHtml | None) -> str:
    """Return the view to begin with: one that shows something, if any does."""
    parsed = opened.parsed
    if parsed.unreadable or parsed.partial:
        return "source"
    if cleaned and not cleaned.is_blank:
        return "html"
    if parsed.text or parsed.attachments or not _HAS_BODY.search(opened.raw):
        return "text"
    return "source"


def _body(opened: OpenMessage, view: str, cleaned: SafeHtml | None) -> dict[str, Any]:
    if view == "html":
        return {"cleaned": cleaned}
    if view == "text":
        return {"text": linkify(opened.parsed.text), "text_is_cut": opened.parsed.text_is_cut}
    if view == "source":
        shown = opened.raw[:SOURCE_SHOWN].decode("utf-8", "replace").replace("\0", "\ufffd")
        return {"source": shown, "source_is_cut": len(opened.raw) > SOURCE_SHOWN}
    return {"first_headers": heads.first(opened.parsed), "way": heads.way(opened.parsed)}
