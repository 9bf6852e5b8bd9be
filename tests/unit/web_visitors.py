"""Browsers for the tests of the pages: whose cookie jar holds which tokens, and where everything is."""

import uuid

from django.test import Client
from django.urls import reverse

from mailboxes.services.creation import Created
from mailboxes.web import cookies

GET_NAMES = ("inbox", "list", "events", "timeline", "qr")
POST_NAMES = ("delete-several", "delete-all", "extend", "end", "recovery")
MESSAGE_GET_NAMES = ("message", "frame", "source", "eml")


def visitor(*holding: Created) -> Client:
    """Return a browser that holds the tokens of these mailboxes."""
    client = Client()
    for created in holding:
        client.cookies[cookies.name(created.mailbox.public_id)] = created.token
    return client


def inbox_url(created: Created) -> str:
    return reverse("web:inbox", args=[created.mailbox.public_id])


def message_url(created: Created, name: str = "message", nth: int = 0) -> str:
    """Return the URL of the nth message, the oldest first."""
    message = created.mailbox.messages.order_by("sequence")[nth]
    return reverse(f"web:{name}", args=[created.mailbox.public_id, message.id])


def every_url(public_id: str, message_id: uuid.UUID) -> list[tuple[str, str]]:
    """Return the method and URL of everything below /m/."""
    message = (public_id, message_id)
    return [
        *(("get", reverse(f"web:{name}", args=[public_id])) for name in GET_NAMES),
        *(("post", reverse(f"web:{name}", args=[public_id])) for name in POST_NAMES),
        *(("get", reverse(f"web:{name}", args=[public_id])) for name in POST_NAMES),
        *(("get", reverse(f"web:{name}", args=message)) for name in MESSAGE_GET_NAMES),
        ("get", reverse("web:attachment", args=[*message, 1])),
        ("get", reverse("web:preview", args=[*message, 1])),
        ("post", reverse("web:delete", args=message)),
        ("get", f"/m/{public_id}"),
        ("get", f"/m/{public_id}/nonsense"),
        ("get", f"/m/{public_id}/not-a-uuid/frame"),
    ]
