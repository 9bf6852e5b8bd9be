"""Turning what the services give into what the API answers."""

import hashlib
from typing import Any

from django.urls import reverse

from mailboxes.api import cursors
from mailboxes.gate import site
from mailboxes.models.mailboxes import Mailbox
from mailboxes.rules import attachments, authentication, links, safe_html
from mailboxes.rules.parsing import Attachment
from mailboxes.services.reading import Counts, Item, OpenMessage, Page


def email_list(page: Page, counts: Counts, position: int, timed_out: bool) -> dict[str, Any]:
    """Return one page of a mailbox."""
    return {
        "items": [item(line) for line in page.items],
        "total": counts.total,
        "unread": counts.unread,
        "expires_at": counts.ends_at,
        "position": str(position),
        "next_cursor": None if page.next_before is None else cursors.encode(page.next_before),
        "timed_out": timed_out or None,
    }


def address(mailbox: Mailbox, address: str) -> dict[str, Any]:
    """Return an address and its times; `expires_at` is when it really ends."""
    return {
        "address": address,
        "created_at": mailbox.created_at,
        "expires_at": mailbox.ends_at,
        "max_expires_at": mailbox.max_expires_at,
    }


def item(line: Item) -> dict[str, Any]:
    """Return one line of an inbox."""
    found = line.summary
    return {
        "id": str(line.id),
        "from": {"name": found.sender_name, "address": found.sender_address},
        "subject": found.subject,
        "preview": found.preview,
        "received_at": line.received_at,
        "size": line.size,
        "seen": line.seen,
        "has_attachments": bool(found.attachment_names),
        "codes": list(found.codes),
        "auth": {
            verdict.method: {"result": verdict.result, "domain": verdict.domain}
            for verdict in authentication.decode(found.auth)
        },
    }


def email(message: OpenMessage, *, seen: bool) -> dict[str, Any]:
    """Return a whole message; its HTML is made safe, with inline images as data: URIs."""
    parsed = message.parsed
    images = safe_html.inline_images(parsed.attachments)
    return {
        **item(message.item),
        "seen": seen,
        "text": parsed.text,
        "html": safe_html.clean(parsed.html, images).html if parsed.html else "",
        "headers": parsed.headers,
        "links": _links(message),
        "attachments": [_attachment(message, each) for each in parsed.attachments],
        "partial": parsed.partial or parsed.unreadable or parsed.text_is_cut,
    }


def _links(message: OpenMessage) -> list[dict[str, Any]]:
    confirmations = message.item.summary.links
    found = links.all_links(message.parsed.text, message.parsed.html)
    for url in confirmations:  # found in the text, which may say it otherwise than the HTML
        found.setdefault(url, "")
    return [
        {"url": url, "text": text, "confirmation": url in confirmations}
        for url, text in found.items()
    ]


def _attachment(message: OpenMessage, attachment: Attachment) -> dict[str, Any]:
    path = reverse("api:read_attachment", args=[message.item.id, attachment.index])
    return {
        "id": attachment.index,
        "filename": attachment.filename,
        "declared_type": attachment.content_type,
        "detected_type": attachments.detect(attachment.content) or None,
        "size": attachment.size,
        "sha256": hashlib.sha256(attachment.content).hexdigest(),
        "url": site.url(path),
    }
