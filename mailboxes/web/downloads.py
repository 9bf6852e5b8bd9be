"""The bytes of mail as files: always to be saved, never shown as what they claim to be; and the source as text."""

import uuid

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from mailboxes.rules import attachments, downloads
from mailboxes.rules.attachments import Preview
from mailboxes.rules.errors import NotFound
from mailboxes.rules.parsing import Attachment
from mailboxes.services import reading
from mailboxes.services.reading import OpenMailbox
from mailboxes.web.access import mailbox_view

# A browser shows a picture in a page of its own making, which has styles.
PICTURE_POLICY = f"{downloads.POLICY}; style-src 'unsafe-inline'"


@mailbox_view
@require_safe
def source(request: HttpRequest, opened: OpenMailbox, message_id: uuid.UUID) -> HttpResponse:
    """Show a message as it came, as plain text whatever is in it."""
    raw = reading.source(opened, message_id)
    return _inert(HttpResponse(raw, content_type="text/plain; charset=utf-8"))


@mailbox_view
@require_safe
def eml(request: HttpRequest, opened: OpenMailbox, message_id: uuid.UUID) -> HttpResponse:
    """Download a message as it came."""
    return _file(reading.source(opened, message_id), f"message-{message_id.hex[:8]}.eml")


@mailbox_view
@require_safe
def attachment(
    request: HttpRequest, opened: OpenMailbox, message_id: uuid.UUID, index: int
) -> HttpResponse:
    """Download an attachment."""
    found = _attachment(opened, message_id, index)
    return _file(found.content, found.filename)


@mailbox_view
@require_safe
def preview(
    request: HttpRequest, opened: OpenMailbox, message_id: uuid.UUID, index: int
) -> HttpResponse:
    """Show a picture as what its bytes are, or a text as text; nothing else is ever shown."""
    judged = attachments.judge(_attachment(opened, message_id, index))
    content = judged.attachment.content
    if judged.preview == Preview.IMAGE:
        response = _inert(HttpResponse(content, content_type=judged.detected))
        response["Content-Security-Policy"] = PICTURE_POLICY
        return response
    if judged.preview == Preview.TEXT:
        text = attachments.text_of(content)
        return _inert(HttpResponse(text, content_type="text/plain; charset=utf-8"))
    raise NotFound


def _attachment(opened: OpenMailbox, message_id: uuid.UUID, index: int) -> Attachment:
    parsed = reading.message(opened, message_id, mark_seen=False).parsed
    for found in parsed.attachments:
        if found.index == index:
            return found
    raise NotFound


def _file(content: bytes, filename: str) -> HttpResponse:
    response = HttpResponse(content, content_type="application/octet-stream")
    response["Content-Disposition"] = downloads.disposition(filename)
    return _inert(response)


def _inert(response: HttpResponse) -> HttpResponse:
    response["Content-Security-Policy"] = downloads.POLICY
    response["X-Content-Type-Options"] = "nosniff"
    return response
