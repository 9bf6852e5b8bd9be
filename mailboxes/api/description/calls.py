"""The calls that webhooks get, as OpenAPI 3.1 describes what a service sends: docs/webhooks.md."""

from typing import Any

from mailboxes.api.description import examples


def _header(name: str, text: str) -> dict[str, Any]:
    return {
        "name": name,
        "in": "header",
        "required": True,
        "description": text,
        "schema": {"type": "string"},
    }


_BODY: dict[str, Any] = {
    "type": "object",
    "required": ["type", "timestamp", "data"],
    "properties": {
        "type": {"const": "message.received"},
        "timestamp": {"type": "string", "format": "date-time"},
        "data": {
            "type": "object",
            "required": ["message_id", "webhook_id"],
            "properties": {
                "message_id": {"type": "string", "format": "uuid"},
                "webhook_id": {"type": "string", "format": "uuid"},
            },
        },
    },
}
_EXAMPLE = {
    "type": "message.received",
    "timestamp": "2026-11-20T09:31:07.218Z",
    "data": {"message_id": examples.ID, "webhook_id": examples.WEBHOOK_ID},
}
WEBHOOKS: dict[str, Any] = {
    "messageReceived": {
        "post": {
            "summary": "Mail came",
            "description": "Sent to each webhook of the mailbox, and again where it fails. It holds ids and no mail.",
            "tags": ["Webhooks"],
            "parameters": [
                _header("webhook-id", "Of this call; the same when it is repeated."),
                _header("webhook-timestamp", "Seconds since 1970, of this attempt."),
                _header("webhook-signature", "`v1,` and an HMAC-SHA256: Standard Webhooks 1.0."),
            ],
            "requestBody": {
                "required": True,
                "content": {
                    "application/json": {
                        "schema": _BODY,
                        "examples": {"usual": {"value": _EXAMPLE}},
                    }
                },
            },
            "responses": {
                "2XX": {"description": "Taken."},
                "410": {"description": "Nothing is sent there any more."},
            },
        }
    }
}
