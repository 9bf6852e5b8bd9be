"""Mailboxes that are full of mail at once, without CAPTCHA and SMTP, and browsers that hold their keys."""

import base64
import json
import tempfile
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import BrowserContext

from deploy.local.stack import Stack
from mailboxes.web import cookies
from tests.journey import probe


@dataclass(frozen=True)
class Mailbox:
    """A mailbox with mail in it; `messages` has their ids in the order they came."""

    public_id: str
    address: str
    token: str
    messages: tuple[str, ...] = ()

    def path(self, message: str = "") -> str:
        """Where the inbox or one of its messages is."""
        return f"/m/{self.public_id}/" + (f"{message}/" if message else "")

    def open_in(self, context: BrowserContext, stack: Stack) -> None:
        """Give the browser the key."""
        cookie = {"name": cookies.name(self.public_id), "value": self.token, "url": stack.url}
        context.add_cookies([{**cookie, "httpOnly": True, "sameSite": "Lax"}])  # type: ignore[typeddict-item]


_FILL = """
import base64
from mailboxes.models.messages import Message
from mailboxes.services import creation, intake
from mailboxes.services.parcels import Envelope
boxes = []
for raws in json.load(open({path!r})):
    made = creation.create()
    for number, raw in enumerate(raws):
        envelope = Envelope(f"4Filled{{number}}", "eve@example.org", (made.address,))
        intake.store(envelope, base64.b64decode(raw))
    stored = Message.objects.filter(mailbox=made.mailbox).order_by("sequence")
    ids = [str(each) for each in stored.values_list("id", flat=True)]
    boxes.append([made.mailbox.public_id, made.address, made.token, ids])
print(json.dumps(boxes))
"""


def fill(stack: Stack, *boxes: list[bytes]) -> list[Mailbox]:
    """Make mailboxes that hold these messages, stored as the worker stores them."""
    raws = [[base64.b64encode(raw).decode() for raw in each] for each in boxes]
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(raws, file)
        file.flush()
        Path(file.name).chmod(0o644)
        made = probe.shell(stack, _FILL.format(path=file.name))
    filled = [
        Mailbox(public_id, address, token, tuple(ids)) for public_id, address, token, ids in made
    ]
    assert [len(each.messages) for each in filled] == [len(each) for each in raws]
    return filled
