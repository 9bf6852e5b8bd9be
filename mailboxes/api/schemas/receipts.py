"""What a deletion answers with: docs/receipts.md."""

from typing import Literal

from ninja import Schema


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
