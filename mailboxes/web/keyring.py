"""All mailboxes that one browser holds the tokens of."""

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from mailboxes.rules.errors import NotFound
from mailboxes.services import reading
from mailboxes.services.reading import OpenMailbox
from mailboxes.web import cookies


@dataclass(frozen=True, slots=True)
class Keyring:
    """`alive` are open mailboxes, the one that ends soonest first; `dead` the ids of those that are no more."""

    alive: list[OpenMailbox]
    dead: list[str]


def of(request: HttpRequest) -> Keyring:
    """Try every token that the browser sent. Costs one query each."""
    alive, dead = [], []
    for public_id, token in cookies.held(request).items():
        try:
            alive.append(reading.open_by_public_id(public_id, token))
        except NotFound:
            dead.append(public_id)
    return Keyring(sorted(alive, key=lambda opened: opened.mailbox.expires_at), dead)


def add(
    request: HttpRequest,
    response: HttpResponseBase,
    public_id: str,
    token: str,
    *,
    expires_at: datetime,
    now: datetime,
) -> None:
    """Put a mailbox on the browser's keyring; when that is full, ended ones go, then the one that ends soonest."""
    held = cookies.held(request)
    excess = len(held.keys() - {public_id}) + 1 - cookies.LIMIT
    if excess > 0:
        ring = of(request)
        leaving = ring.dead + [opened.mailbox.public_id for opened in ring.alive]
        for other in [each for each in leaving if each != public_id][:excess]:
            cookies.forget(response, other)
    cookies.give(response, public_id, token, expires_at=expires_at, now=now)
