"""What the API tells about mail, as objects. Their repr shows neither codes nor links: they end up in test reports."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from tempmail_client.errors import NoCode, NoLink, TempmailError


class Source(Protocol):
    """Where more of a message comes from: its mailbox."""

    def download(self, path: str) -> bytes:
        """Return the bytes at a path below /api/."""

    def delete(self, message_id: str) -> None:
        """Delete a message."""


@dataclass(frozen=True, slots=True)
class Sender:
    """Whom a mail says that it is from. `str()` is the address."""

    name: str
    address: str

    def __str__(self) -> str:
        return self.address


@dataclass(frozen=True, slots=True)
class AuthResult:
    """What the receiving server found: `pass`, `fail`, ..., and for which domain."""

    result: str
    domain: str


@dataclass(frozen=True, slots=True)
class Domain:
    """A domain that addresses can be had at."""

    name: str
    subdomains: bool


@dataclass(frozen=True, slots=True)
class Link:
    """A link in a mail. `confirmation`: an address, account or sign-in is confirmed by it. `str()` is the URL."""

    url: str = field(repr=False)
    text: str
    confirmation: bool

    def __str__(self) -> str:
        return self.url


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file in a mail. `declared_type` is the sender's word, `detected_type` what its bytes tell, or ''."""

    id: int
    filename: str
    declared_type: str
    detected_type: str
    size: int
    sha256: str = field(repr=False)
    fetch: Callable[[], bytes] = field(repr=False, compare=False)

    def content(self) -> bytes:
        """Download it; its digest is checked. Raises NotFound when the mail is gone."""
        data = self.fetch()
        if hashlib.sha256(data).hexdigest() != self.sha256:
            raise TempmailError("The attachment's bytes are not those that were announced.")
        return data


@dataclass(frozen=True, slots=True)
class Item:
    """One line of an inbox."""

    id: str
    sender: Sender
    subject: str
    preview: str = field(repr=False)
    received_at: datetime
    size: int = field(repr=False)
    seen: bool = field(repr=False)
    has_attachments: bool = field(repr=False)
    codes: tuple[str, ...] = field(repr=False)
    auth: dict[str, AuthResult | None] = field(repr=False, compare=False)

    @property
    def code(self) -> str:
        """The one-time code: the likeliest, where there are several. Raises NoCode."""
        if not self.codes:
            raise NoCode(f"No code was found in the mail {self.subject!r}.")
        return self.codes[0]


@dataclass(frozen=True, slots=True)
class Mail(Item):
    """A whole message. `html` is made safe: it can be shown in a browser; `raw()` is the message as it came."""

    text: str = field(repr=False)
    html: str = field(repr=False)
    headers: tuple[tuple[str, str], ...] = field(repr=False)
    links: tuple[Link, ...] = field(repr=False)
    attachments: tuple[Attachment, ...]
    partial: bool = field(repr=False)
    source: Source = field(repr=False, compare=False)

    @property
    def link(self) -> str:
        """The URL of the confirmation link; where none looks like one, of the first link. Raises NoLink."""
        if not self.links:
            raise NoLink(f"No link was found in the mail {self.subject!r}.")
        return next((link for link in self.links if link.confirmation), self.links[0]).url

    def header(self, name: str) -> str:
        """The first header field of this name, in any case; '' without one."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")

    def raw(self) -> bytes:
        """Download the message as it came. Raises NotFound when it is gone."""
        return self.source.download(f"email/{self.id}/raw")

    def delete(self) -> None:
        """Delete it; it may be gone already."""
        self.source.delete(self.id)


def item(data: dict[str, Any]) -> Item:
    """Read one item of a list. Unknown members are ignored: the API may grow."""
    return Item(**_fields(data))


def mail(data: dict[str, Any], source: Source) -> Mail:
    """Read a whole message."""
    return Mail(
        **_fields(data),
        text=data["text"],
        html=data["html"],
        headers=tuple((name, value) for name, value in data["headers"]),
        links=tuple(_link(each) for each in data["links"]),
        attachments=tuple(_attachment(part, data["id"], source) for part in data["attachments"]),
        partial=data["partial"],
        source=source,
    )


def _fields(data: dict[str, Any]) -> dict[str, Any]:
    auth = data.get("auth") or {}
    return {
        "id": data["id"],
        "sender": Sender(data["from"]["name"], data["from"]["address"]),
        "subject": data["subject"],
        "preview": data["preview"],
        "received_at": datetime.fromisoformat(data["received_at"]),
        "size": data["size"],
        "seen": data["seen"],
        "has_attachments": data["has_attachments"],
        "codes": tuple(data["codes"]),
        "auth": {name: found and _auth_result(found) for name, found in auth.items()},
    }


def _auth_result(found: dict[str, Any]) -> AuthResult:
    return AuthResult(found["result"], found.get("domain") or "")


def _link(data: dict[str, Any]) -> Link:
    return Link(data["url"], data["text"], data["confirmation"])


def _attachment(part: dict[str, Any], message_id: str, source: Source) -> Attachment:
    path = f"email/{message_id}/attachments/{part['id']}"
    names = ("id", "filename", "declared_type", "size", "sha256")
    return Attachment(
        **{name: part[name] for name in names},
        detected_type=part["detected_type"] or "",
        fetch=lambda: source.download(path),
    )
