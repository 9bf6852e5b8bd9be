"""One message: in full, as it came, its attachments, its deletion."""

import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Router, Status

from mailboxes.api import presenting
from mailboxes.api.authentication import MailboxBearer
from mailboxes.api.problems import documented
from mailboxes.api.schemas.message import EmailOut
from mailboxes.rules import downloads
from mailboxes.rules.errors import NotFound
from mailboxes.services import ending, reading
from mailboxes.services.reading import OpenMailbox

router = Router()
_PROBLEMS = documented(403, 404, 422, 503)


@router.get(
    "email/{uuid:message_id}",
    auth=MailboxBearer(),
    response={200: EmailOut, **_PROBLEMS},
    by_alias=True,
)
def read_email(
    request: HttpRequest, response: HttpResponse, message_id: uuid.UUID, mark_seen: bool = True
) -> dict[str, Any]:
    """Return one message: text, safe HTML, headers, links, codes, attachments. It is seen then, unless not wanted."""
    response["Cache-Control"] = "no-store"
    found = reading.message(_opened(request), message_id, mark_seen=mark_seen)
    return presenting.email(found, seen=mark_seen or found.item.seen)


@router.get(
    "email/{uuid:message_id}/raw",
    auth=MailboxBearer(),
    response={200: bytes, **_PROBLEMS},
)
def read_source(request: HttpRequest, message_id: uuid.UUID) -> HttpResponse:
    """Return a message byte by byte as it came, with the Return-Path that delivery put on top (RFC 5321 4.4)."""
    source = reading.source(_opened(request), message_id)
    return _file(source, "message/rfc822", f"message-{message_id.hex[:8]}.eml")


@router.get(
    "email/{uuid:message_id}/attachments/{int:n}",
    auth=MailboxBearer(),
    response={200: bytes, **_PROBLEMS},
)
def read_attachment(request: HttpRequest, message_id: uuid.UUID, n: int) -> HttpResponse:
    """Return the bytes of an attachment, whatever it says that it is, as something to be saved."""
    parsed = reading.message(_opened(request), message_id, mark_seen=False).parsed
    for attachment in parsed.attachments:
        if attachment.index == n:
            return _file(attachment.content, "application/octet-stream", attachment.filename)
    raise NotFound


@router.delete("email/{uuid:message_id}", auth=MailboxBearer(), response={204: None, **_PROBLEMS})
def delete_email(request: HttpRequest, message_id: uuid.UUID) -> Status[None]:
    """Delete one message. What is not there, or not there any more, is not found."""
    if not ending.delete_messages(_opened(request).mailbox, [message_id]).messages:
        raise NotFound
    return Status(204, None)


def _opened(request: HttpRequest) -> OpenMailbox:
    opened: OpenMailbox = request.auth  # type: ignore[attr-defined]
    return opened


def _file(content: bytes, content_type: str, filename: str) -> HttpResponse:
    return HttpResponse(
        content,
        content_type=content_type,
        headers={
            "Cache-Control": "no-store",
            "Content-Disposition": downloads.disposition(filename),
            "Content-Security-Policy": downloads.POLICY,
        },
    )
