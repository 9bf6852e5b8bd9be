"""What the API takes and gives. Times are RFC 3339 in UTC, durations seconds, sizes bytes."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from ninja import Field, Schema
from pydantic import ConfigDict

from mailboxes.rules import lifetimes


class GenerateIn(Schema):
    """A wish for an address; each field may be left out."""

    model_config = ConfigDict(extra="forbid")

    domain: str | None = Field(None, max_length=253)
    local_part: str | None = Field(None, max_length=64)
    expires_in: int | None = Field(None, ge=lifetimes.MINIMUM, le=lifetimes.MAXIMUM)


class GenerateOut(Schema):
    """A new address. The token is shown this once."""

    address: str
    token: str
    created_at: datetime
    expires_at: datetime
    max_expires_at: datetime
    inbox_url: str
    receive_only: bool = True


class ListQuery(Schema):
    """Which part of a mailbox, and how long to wait for it (seconds)."""

    limit: int = Field(20, ge=1, le=100)
    cursor: str | None = Field(None, max_length=100)
    after: UUID | None = None
    wait: int = Field(0, ge=0, le=55)


class Sender(Schema):
    name: str
    address: str


class EmailItem(Schema):
    """One line of an inbox."""

    id: str
    sender: Sender = Field(..., alias="from", serialization_alias="from")
    subject: str
    preview: str
    received_at: datetime
    size: int
    seen: bool
    has_attachments: bool
    codes: list[str]


class EmailList(Schema):
    """Items, newest first. `timed_out` is there when a wait ended without mail."""

    items: list[EmailItem]
    total: int
    unread: int
    expires_at: datetime
    next_cursor: str | None
    timed_out: bool | None = None


class AttachmentOut(Schema):
    id: int
    filename: str
    declared_type: str
    size: int


class EmailOut(EmailItem):
    """A whole message. `html` is made safe; `partial`: it could not be read in full."""

    text: str
    html: str
    headers: list[tuple[str, str]]
    attachments: list[AttachmentOut]
    partial: bool


class StatementOut(Schema):
    """What the operator states. Canonical JSON (RFC 8785) of it is what is signed: docs/receipts.md."""

    type: str
    version: int
    key_id: str
    site: str
    operator: str
    mailbox: str
    action: Literal["mail-deleted", "mailbox-ended"]
    messages: int
    bytes: int
    at: str
    states: str
    limits: str


class ReceiptOut(Schema):
    """The operator's signed statement (Ed25519, base64url); public keys: /.well-known/tempmail-receipt-keys.json."""

    statement: StatementOut
    signature: str


class DeleteOut(Schema):
    """How many messages were deleted, and the operator's word for it."""

    deleted: int
    receipt: ReceiptOut
