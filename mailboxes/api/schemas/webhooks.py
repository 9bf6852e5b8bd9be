"""Webhooks of a mailbox. Times are RFC 3339 in UTC."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from ninja import Field, Schema
from pydantic import ConfigDict

from mailboxes.rules import webhook_urls

_EXAMPLE = "https://ci.example/hooks/mail"


class WebhookIn(Schema):
    """Where to tell of new mail: an https URL of the public internet, without user, password and fragment."""

    model_config = ConfigDict(extra="forbid")

    url: str = Field(
        ..., max_length=webhook_urls.LONGEST, pattern=webhook_urls.PATTERN, examples=[_EXAMPLE]
    )


class WebhookOut(Schema):
    """A webhook. `disabled`: it failed too often in a row, or answered 410; nothing is sent to it any more."""

    id: UUID
    url: str
    created_at: datetime
    last_result: Literal["none", "delivered", "rejected", "unreachable"]
    disabled: bool


class WebhookMade(WebhookOut):
    """A new webhook. The secret is shown this once; it checks who signed: docs/webhooks.md."""

    secret: str


class WebhookList(Schema):
    """All webhooks of a mailbox, the first one first."""

    items: list[WebhookOut]
