"""Signatures of what a webhook is sent, as Standard Webhooks 1.0 has them (symmetric, v1)."""

import base64
import hashlib
import hmac
import secrets

_PREFIX = "whsec_"
_BYTES = 32  # of 24 to 64


def new_secret() -> str:
    """Return a new secret: the prefix and random bytes as base64."""
    return _PREFIX + base64.b64encode(secrets.token_bytes(_BYTES)).decode()


def headers(secret: str, event_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """Return the three fields that let a receiver check who sent `body` and when, and know a repetition."""
    key = base64.b64decode(secret.removeprefix(_PREFIX))
    signed = f"{event_id}.{timestamp}.".encode() + body
    digest = hmac.new(key, signed, hashlib.sha256).digest()
    return {
        "webhook-id": event_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }
