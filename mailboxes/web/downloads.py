"""The bytes of mail as files: always to be saved, never shown as what they claim to be; and the source as text."""

import re
import unicodedata
import uuid
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from mailboxes.rules import attachments
from mailboxes.rules.attachments import Preview
from mailboxes.rules.errors import NotFound
from mailboxes.rules.parsing import Attachment
from mailboxes.services import reading
from mailboxes.services.reading import OpenMailbox
from mailboxes.web.access import mailbox_view

POLICY = "sandbox; default-src 'none'"
# A browser shows a picture in a page of its own making, which has styles.
PICTURE_POLICY = f"{POLICY}; style-src 'unsafe-inline'"
_LONGEST_NAME = 150  # characters: with percent-encoding still a header that every server passes on
_NOT_ASCII_NAME = re.compile(r"[^A-Za-z0-9 ._()+-]")
_PATH_CHARACTERS = str.maketrans('/\\:*?"<>|', "_________")


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


def disposition(filename: str) -> str:
    """Return the Content-Disposition of a download (RFC 6266): an ASCII name, and the true one (RFC 8187).

    No percent sign, quote or backslash is in the ASCII name: browsers do not agree on what they mean there.
    """
    name = _harmless(filename)
    fallback = _NOT_ASCII_NAME.sub("_", name)
    return f"attachment; filename=\"{fallback}\"; filename*=UTF-8''{quote(name, safe='')}"


def _harmless(filename: str) -> str:
    """Return a name without control and format characters (also those that turn the direction), paths or dot files."""
    kept = "".join(char for char in filename if unicodedata.category(char)[0] != "C")
    name = kept.translate(_PATH_CHARACTERS).strip(" .")
    stem, dot, extension = name.rpartition(".")
    if len(name) > _LONGEST_NAME and dot and len(extension) <= 10:
        name = f"{stem[: _LONGEST_NAME - len(extension) - 1]}.{extension}"
    return name[:_LONGEST_NAME] or "attachment"


def _file(content: bytes, filename: str) -> HttpResponse:
    response = HttpResponse(content, content_type="application/octet-stream")
    response["Content-Disposition"] = disposition(filename)
    return _inert(response)


def _inert(response: HttpResponse) -> HttpResponse:
    response["Content-Security-Policy"] = POLICY
    response["X-Content-Type-Options"] = "nosniff"
    return response
