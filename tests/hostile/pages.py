"""Opens everything that the site shows of a message, and says what must hold for each of it."""

import email
import html
import re
import unicodedata
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from email.errors import InvalidBase64LengthDefect
from email.message import Message
from itertools import count
from typing import Any

from django.test import Client
from django.urls import reverse

from mailboxes.services.creation import Created
from mailboxes.web import cookies

VIEWS = ("", "?view=html", "?view=text", "?view=headers", "?view=source")
_SHOWN = re.compile(r"<(?:script|style)[^>]*>.*?</(?:script|style)>|<[^>]*>", re.DOTALL)
_TEXT = re.compile(r'<div class="text" dir="auto">(.*?)</div>', re.DOTALL)
_SOURCE = re.compile(r'<pre class="source"[^>]*>(.*?)</pre>', re.DOTALL)
_PICTURE = re.compile(r"<hr|<img[^>]*\b(?:src|alt)=")
_TURNING = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_addresses = count(1)


@dataclass
class Opened:
    """What the pages and the API gave of one message."""

    page: str = ""
    text_page: str = ""
    frame: str = ""
    source: bytes = b""
    data: dict[str, Any] = field(default_factory=dict)
    files: list[bytes] = field(default_factory=list)

    @property
    def text(self) -> str:
        """What stands on the text view."""
        found = _TEXT.search(self.text_page)
        return html.unescape(re.sub(r"<[^>]*>", "", found[1])) if found else ""

    @property
    def framed_text(self) -> str:
        """What can be read in the frame."""
        return html.unescape(_SHOWN.sub("", self._framed)).strip()

    @property
    def _framed(self) -> str:
        return self.frame.partition("</head>")[2]

    @property
    def is_given_up(self) -> bool:
        """Whether the page says that the message could not be read, and shows its source."""
        said = "could not be read" in self.page or "only its head was read" in self.page
        return said and self.shows_source

    @property
    def shows_source(self) -> bool:
        found = _SOURCE.search(self.page)
        return bool(found and found[1].strip())

    @property
    def shows_something(self) -> bool:
        """Whether the page that opens first shows anything of a body, a file or the source."""
        if 'class="mail"' in self.page:
            remote = 'class="blocked"' in self.page
            return bool(self.framed_text or _PICTURE.search(self._framed)) or remote
        has_text = _TEXT.search(self.page) is not None and bool(self.text.strip())
        return has_text or self.shows_source or 'class="attachments"' in self.page


def client_of(owner: Created) -> Client:
    """A browser with the token, from an address of its own: 600 looks a minute are each client's."""
    number = next(_addresses)
    client = Client(REMOTE_ADDR=f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}")
    client.cookies[cookies.name(owner.mailbox.public_id)] = owner.token
    return client


def get(client: Client, path: str, **headers: str) -> Any:
    """An answer that is 200 and harmless in its headers."""
    answer = client.get(path, headers=headers)
    assert answer.status_code == 200, (path, answer.status_code)
    for name, value in answer.headers.items():
        assert all(32 <= ord(character) < 127 for character in name + value), (path, name)
    return answer


def page(client: Client, path: str) -> str:
    """The text of an answer that must be clean UTF-8."""
    text: str = get(client, path).content.decode("utf-8", "strict")
    assert "\x00" not in text
    return text


def open_lists(owner: Created) -> list[dict[str, Any]]:
    """Every page of the inbox and of the API's list; returns the items, newest first."""
    client, items, cursor = client_of(owner), [], ""
    inbox = reverse("web:inbox", args=[owner.mailbox.public_id])
    page(client, inbox)
    page(client, inbox + "list")
    while True:
        path = f"/api/emails/me?limit=100{cursor and '&cursor=' + cursor}"
        data = get(client, path, authorization=f"Bearer {owner.token}").json()
        items += data["items"]
        if not data["next_cursor"]:
            return items
        cursor = data["next_cursor"]


def open_message(
    owner: Created, message_id: uuid.UUID, asked: Iterable[str] = VIEWS, files: int = 50
) -> Opened:
    """The views, the frame, the source, the file, each attachment and the API's answer."""
    client, opened = client_of(owner), Opened()
    where = [owner.mailbox.public_id, message_id]
    path = reverse("web:message", args=where)
    views = {view: page(client, path + view) for view in asked}
    opened.page, opened.text_page = views[""], views.get("?view=text", views[""])
    opened.frame = page(client, path + "frame")
    opened.source = get(client, path + "message.eml").content
    if "?view=source" in views:
        assert get(client, path + "source").content == opened.source
    token = f"Bearer {owner.token}"
    opened.data = get(client, f"/api/email/{message_id}", authorization=token).json()
    assert_clean(opened.data)
    for part in opened.data["attachments"][:files]:
        answer = get(client, f"{path}attachments/{part['id']}")
        assert answer["Content-Disposition"].startswith("attachment; ")
        assert len(answer.content) == part["size"]
        opened.files.append(answer.content)
    return opened


def assert_clean(data: dict[str, Any]) -> None:
    """No NUL, no lone surrogate, nothing that turns the direction, no path in a file's name."""
    names = [part["filename"] for part in data["attachments"]]
    lines = [data["subject"], data["preview"], *data["from"].values(), *names]
    for line in [*lines, data["text"], data["html"]]:
        line.encode("utf-8", "strict")
        assert "\x00" not in line
    for line in lines:
        assert not _TURNING.search(line)
        assert not any(unicodedata.category(character) == "Cc" for character in line)
    for name in names:
        assert name
        assert not set(name) & set('/\\:*?"<>|')
        assert name.strip(".") == name
        assert len(name.encode()) <= 255


def leaves(part: Message) -> Iterator[Message]:
    """The leaf parts outside of attached messages, as Python's own parser sees them."""
    if not part.is_multipart():
        yield part
    elif part.get_content_maintype() == "multipart":
        for child in part.get_payload():
            if isinstance(child, Message):
                yield from leaves(child)


def files_in(source: bytes) -> list[bytes]:
    """The decoded bytes of every part that cannot be the body, by compat32 alone."""
    found = []
    for part in leaves(email.message_from_bytes(source)):
        kind = re.split(r"[\s;]", part.get_content_type())[0]
        disposition = str(part.get("content-disposition", ""))
        is_file = disposition.strip().lower().startswith("attachment")
        if kind.startswith("multipart/") or (kind in ("text/plain", "text/html") and not is_file):
            continue
        content = part.get_payload(decode=True) or b""
        sent = str(part.get_payload()).encode("utf-8", "surrogateescape")
        coded = "base64" in str(part.get("content-transfer-encoding", "")).lower()
        gave_up = any(isinstance(one, InvalidBase64LengthDefect) for one in part.defects)
        if not (coded and (gave_up or content == sent)):  # there ours goes on
            found.append(content)
    return found


def has_body(source: bytes) -> bool:
    """Whether there is anything but white space and boundaries below the headers."""
    return any(
        (part.get_payload(decode=True) or b"").strip() or str(part.get_payload()).strip()
        for part in leaves(email.message_from_bytes(source))
    )
