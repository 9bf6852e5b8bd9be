"""Bodies as the API answers and takes them, for the description; a test holds them against their schemas."""

from typing import Any

ADDRESS = "quiet.otter.4821@mail.example"
ID = "0191f2c4-7b1e-7c3a-9f52-3a6b1d0c8e47"
WEBHOOK_ID = "5b0d4a1e-93c7-4f60-8a52-7c1f0e6d2b94"
CURSOR = "YzE6NDI"
URL = "https://mail.example"
_CREATED, _ENDS, _LAST = "2026-11-20T09:30:00Z", "2026-11-20T10:30:00Z", "2026-11-22T09:30:00Z"

CREATED: dict[str, Any] = {
    "address": ADDRESS,
    "token": "tmt_3q2-7wAB4Zr0kP9mX1cVnLhTsYdEoGfUjRiQ5bKxN6M",
    "created_at": _CREATED,
    "expires_at": _ENDS,
    "max_expires_at": _LAST,
    "inbox_url": f"{URL}/m/k7x2m9q4w1z8r5t3/",
    "receive_only": True,
}
ADDRESS_STATE: dict[str, Any] = {
    "address": ADDRESS,
    "created_at": _CREATED,
    "expires_at": _ENDS,
    "max_expires_at": _LAST,
    "receive_only": True,
}
DOMAINS: dict[str, Any] = {"items": [{"name": "mail.example", "subdomains": False}]}
CAPTCHA: dict[str, Any] = {
    "kind": "altcha",
    "challenge": {
        "algorithm": "SHA-256",
        "challenge": "7a3f0c9d5b1e8264f0a7c3d9e5b18f62740c9d3a5e1b8f64207ac3d9e5b1f862",
        "maxnumber": 100000,
        "salt": "9f2c4e6a8b0d1f35?expires=1795167600",
        "signature": "c4d1e8f207ab3c5d9e6f10728a4b3c5d7e9f01a2b3c4d5e6f708192a3b4c5d6e",
    },
}
ITEM: dict[str, Any] = {
    "id": ID,
    "from": {"name": "Example Shop", "address": "accounts@shop.example"},
    "subject": "Your code is 482913",
    "preview": "Enter 482913 to confirm your address. It is valid for ten minutes.",
    "received_at": "2026-11-20T09:31:07.218000Z",
    "size": 4182,
    "seen": False,
    "has_attachments": True,
    "codes": ["482913"],
    "auth": {
        "spf": {"result": "pass", "domain": "shop.example"},
        "dkim": {"result": "pass", "domain": "shop.example"},
        "dmarc": None,
    },
}
LIST: dict[str, Any] = {
    "items": [ITEM],
    "total": 1,
    "unread": 1,
    "expires_at": _ENDS,
    "position": "43",
    "next_cursor": None,
    "timed_out": None,
}
EMAIL: dict[str, Any] = {
    **ITEM,
    "seen": True,
    "text": "Enter 482913 to confirm your address.\n",
    "html": "<p>Enter <b>482913</b> to confirm your address.</p>",
    "headers": [["From", "Example Shop <accounts@shop.example>"], ["To", ADDRESS]],
    "links": [
        {
            "url": "https://shop.example/confirm?t=1f9a",
            "text": "Confirm your address",
            "confirmation": True,
        }
    ],
    "attachments": [
        {
            "id": 1,
            "filename": "terms.pdf",
            "declared_type": "application/pdf",
            "detected_type": "application/pdf",
            "size": 2048,
            "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            "url": f"{URL}/api/email/{ID}/attachments/1",
        }
    ],
    "partial": False,
}
DELETED: dict[str, Any] = {
    "deleted": 1,
    "receipt": {
        "statement": {
            "type": "tempmail-deletion-receipt",
            "version": 1,
            "key_id": "u2Yx8dQk",
            "site": URL,
            "operator": "Example Operator",
            "mailbox": ADDRESS,
            "action": "mail-deleted",
            "messages": 1,
            "bytes": 4182,
            "at": "2026-11-20T09:40:00Z",
            "states": "The operator of this site states that all messages ... had been removed.",
            "limits": "This is the operator's signed word. ...",
        },
        "signature": "Jb1n...",
    },
}
WEBHOOK: dict[str, Any] = {
    "id": WEBHOOK_ID,
    "url": "https://ci.example/hooks/mail",
    "created_at": _CREATED,
    "last_result": "none",
    "disabled": False,
}
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwM0pW3uY1b2c="  # noqa: S105 - an example
EVENTS = (
    f'id: 1\nevent: message\ndata: {{"id": "{ID}", "subject": "Your code is 482913"}}\n\n'
    "event: alive\ndata: {}\n\n"
)
