"""Mailboxes and mail on the server, and what no log of it may hold of them."""

import time

from tests.system.edge.place import Place

ALL: set[str] = set()  # addresses, tokens, ids, subjects


def make(edge: Place) -> dict[str, str]:
    """Make a mailbox."""
    made: dict[str, str] = edge.host.inside("make")
    ALL.update(made.values())
    return made


def deliver(edge: Place, mailbox: dict[str, str], size: int = 0) -> str:
    """Put a message into it; return its subject."""
    subject = f"Subject-{time.monotonic_ns()}"
    ALL.add(subject)
    edge.host.inside("deliver", address=mailbox["address"], subject=subject, size=size)
    return subject


def newest(edge: Place, mailbox: dict[str, str]) -> str:
    """The id of its newest message."""
    answer = edge.visitor.ask("/api/emails/me?limit=1", headers=bearer(mailbox))
    found: str = answer.json["items"][0]["id"]
    ALL.add(found)
    return found


def bearer(mailbox: dict[str, str]) -> dict[str, str]:
    """The header field by which a program opens it."""
    return {"Authorization": f"Bearer {mailbox['token']}"}


def cookie(mailbox: dict[str, str]) -> dict[str, str]:
    """The one by which a browser does."""
    return {"Cookie": f"__Host-m-{mailbox['id']}={mailbox['token']}"}
