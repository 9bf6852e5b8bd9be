"""The four endpoints of the API. Every rule lives in services; this only translates."""

import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from ninja import NinjaAPI, Query, Status

from mailboxes.api import cursors, presenting, problems, waiting
from mailboxes.api.authentication import ApiKeyBearer, AsyncMailboxBearer, MailboxBearer
from mailboxes.api.problems import Problem
from mailboxes.api.schemas import (
    DeleteOut,
    EmailList,
    EmailOut,
    GenerateIn,
    GenerateOut,
    ListQuery,
)
from mailboxes.database_pool import in_database_pool
from mailboxes.gate import admission, limits, site
from mailboxes.rules.errors import NotFound
from mailboxes.services import creation, ending, reading, receipts
from mailboxes.services.reading import OpenMailbox

api = NinjaAPI(
    title="Disposable e-mail",
    version="1",
    docs_url=None,
    openapi_url="openapi.json",
    urls_namespace="api",
)
problems.install(api)

_PROBLEMS = dict.fromkeys((400, 401, 403, 404, 422, 429, 503), Problem)
_CREATION_PROBLEMS = {**_PROBLEMS, 409: Problem}


@api.post("generate", auth=ApiKeyBearer(), response={201: GenerateOut, **_CREATION_PROBLEMS})
def generate(
    request: HttpRequest, body: GenerateIn, response: HttpResponse
) -> Status[dict[str, Any]]:
    """Create a mailbox with a random address."""
    admission.check_creation(request)
    limits.check_api_creation(request, request.auth)  # type: ignore[attr-defined]
    created = creation.create(
        domain=body.domain, local_part=body.local_part, lifetime=body.expires_in
    )
    response["Cache-Control"] = "no-store"
    mailbox = created.mailbox
    return Status(
        201,
        {
            "address": created.address,
            "token": created.token,
            "created_at": mailbox.created_at,
            "expires_at": mailbox.expires_at,
            "max_expires_at": mailbox.max_expires_at,
            "inbox_url": site.url(reverse("web:inbox", args=[mailbox.public_id])),
        },
    )


@api.get(
    "emails/{address}",
    auth=AsyncMailboxBearer(),
    response={200: EmailList, **_PROBLEMS},
    by_alias=True,
)
async def list_emails(
    request: HttpRequest, response: HttpResponse, address: str, query: Query[ListQuery]
) -> dict[str, Any]:
    """List a mailbox, newest first; with `wait`, as soon as mail newer than `after` is there."""
    opened = _own(request, address)
    before = None if query.cursor is None else cursors.decode(query.cursor)
    newer_than = 0
    if query.after is not None:
        newer_than = await in_database_pool(reading.sequence_of, opened, query.after)
    timed_out = query.wait > 0 and not await waiting.wait_for_newer(opened, newer_than, query.wait)
    response["Cache-Control"] = "no-store"
    return await in_database_pool(
        presenting.email_list, opened, query.limit, before, newer_than, timed_out
    )


@api.get(
    "email/{uuid:message_id}",
    auth=MailboxBearer(),
    response={200: EmailOut, **_PROBLEMS},
    by_alias=True,
)
def read_email(
    request: HttpRequest, response: HttpResponse, message_id: uuid.UUID, mark_seen: bool = True
) -> dict[str, Any]:
    """Return one message: text, safe HTML, headers, attachments."""
    opened: OpenMailbox = request.auth  # type: ignore[attr-defined]
    response["Cache-Control"] = "no-store"
    return presenting.email(reading.message(opened, message_id, mark_seen=mark_seen))


@api.delete("emails/{address}", auth=MailboxBearer(), response={200: DeleteOut, **_PROBLEMS})
def delete_emails(
    request: HttpRequest, response: HttpResponse, address: str, close: bool = False
) -> dict[str, Any]:
    """Delete all messages of a mailbox; the address lives on. With `close` it ends too, and its token is unknown."""
    opened = _own(request, address)
    response["Cache-Control"] = "no-store"
    if close:
        action, deleted = receipts.MAILBOX_ENDED, ending.end(opened.mailbox)
    else:
        action, deleted = receipts.MAIL_DELETED, ending.delete_messages(opened.mailbox)
    receipt = receipts.deletion(opened.address, action, deleted)
    return {"deleted": deleted.messages, "receipt": receipt}


def _own(request: HttpRequest, address: str) -> OpenMailbox:
    """Return the token's mailbox if the address in the path is its own; raise NotFound."""
    opened: OpenMailbox = request.auth  # type: ignore[attr-defined]
    if not reading.is_address_of(opened, address):
        raise NotFound
    return opened
