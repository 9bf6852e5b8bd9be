"""Turning what the services give into what the API answers."""

from typing import Any

from mailboxes.api import cursors
from mailboxes.rules import safe_html
from mailboxes.services import reading
from mailboxes.services.reading import Item, OpenMailbox, OpenMessage


def email_list(
    opened: OpenMailbox, limit: int, before: int | None, after: int, timed_out: bool
) -> dict[str, Any]:
    """Return one page of a mailbox."""
    page = reading.page(opened, limit=limit, before=before, after=after)
    return {
        "items": [item(line) for line in page.items],
        "total": opened.mailbox.messages.count(),
        "unread": reading.unread_count(opened),
        "expires_at": opened.mailbox.expires_at,
        "next_cursor": None if page.next_before is None else cursors.encode(page.next_before),
        "timed_out": timed_out or None,
    }


def item(line: Item) -> dict[str, Any]:
    """Return one line of an inbox."""
    summary = line.summary
    return {
        "id": str(line.id),
        "from": {"name": summary.sender_name, "address": summary.sender_address},
        "subject": summary.subject,
        "preview": summary.preview,
        "received_at": line.received_at,
        "size": line.size,
        "seen": line.seen,
        "has_attachments": bool(summary.attachment_names),
        "codes": list(summary.codes),
    }


def email(message: OpenMessage) -> dict[str, Any]:
    """Return a whole message; its HTML is made safe, with inline images as data: URIs."""
    parsed = message.parsed
    images = safe_html.inline_images(parsed.attachments)
    return {
        **item(message.item),
        "seen": True,
        "text": parsed.text,
        "html": safe_html.clean(parsed.html, images).html if parsed.html else "",
        "headers": parsed.headers,
        "attachments": [
            {
                "id": part.index,
                "filename": part.filename,
                "declared_type": part.content_type,
                "size": part.size,
            }
            for part in parsed.attachments
        ],
        "partial": parsed.partial or parsed.unreadable or parsed.text_is_cut,
    }
