"""Webhooks of a mailbox: docs/webhooks.md."""

import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Router, Status

from mailboxes.api.authentication import MailboxBearer, own_mailbox
from mailboxes.api.problems import documented
from mailboxes.api.schemas.webhooks import WebhookIn, WebhookList, WebhookMade
from mailboxes.gate import limits
from mailboxes.services import webhooks
from mailboxes.services.webhooks import Shown

router = Router()


@router.post(
    "webhooks/{address}",
    auth=MailboxBearer(),
    response={201: WebhookMade, **documented(403, 404, 409, 413, 422, 503)},
)
def create_webhook(
    request: HttpRequest, response: HttpResponse, address: str, body: WebhookIn
) -> Status[dict[str, Any]]:
    """Have a URL called for each mail that comes from now on; at most three for a mailbox."""
    opened = own_mailbox(request, address)
    limits.check_webhook(request)
    made = webhooks.create(opened.mailbox, body.url)
    response["Cache-Control"] = "no-store"
    return Status(201, {**_presented(made), "secret": made.secret})


@router.get(
    "webhooks/{address}",
    auth=MailboxBearer(),
    response={200: WebhookList, **documented(403, 404, 503)},
)
def list_webhooks(request: HttpRequest, response: HttpResponse, address: str) -> dict[str, Any]:
    """List the webhooks of a mailbox, without their secrets."""
    opened = own_mailbox(request, address)
    response["Cache-Control"] = "no-store"
    return {"items": [_presented(each) for each in webhooks.of(opened.mailbox)]}


@router.delete(
    "webhooks/{address}/{uuid:webhook_id}",
    auth=MailboxBearer(),
    response={204: None, **documented(403, 404, 503)},
)
def delete_webhook(request: HttpRequest, address: str, webhook_id: uuid.UUID) -> Status[None]:
    """Remove a webhook: what has not been sent to it never is."""
    opened = own_mailbox(request, address)
    webhooks.remove(opened.mailbox, webhook_id)
    return Status(204, None)


def _presented(shown: Shown) -> dict[str, Any]:
    return {
        "id": shown.id,
        "url": shown.url,
        "created_at": shown.created_at,
        "last_result": shown.last_result,
        "disabled": shown.is_disabled,
    }
