"""All mailboxes that one browser holds the tokens of."""

from dataclasses import dataclass, field
from datetime import datetime

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from mailboxes.services import reading
from mailboxes.services.reading import Held, OpenMailbox
from mailboxes.web import cookies


@dataclass(frozen=True, slots=True)
class Keyring:
    """`held` are open mailboxes, the one that ends soonest first; `dead` the ids of those that are no more.

    `frozen` are the ids of those that the operator has frozen: their keys stay, as they may be given back.
    """

    held: list[Held]
    dead: list[str]
    frozen: list[str] = field(default_factory=list)

    @property
    def alive(self) -> list[OpenMailbox]:
        """The open mailboxes without their counts."""
        return [each.opened for each in self.held]


def of(request: HttpRequest) -> Keyring:
    """Try every token that the browser sent. One query for all, two where one opens nothing."""
    tokens = cookies.held(request)
    held = reading.open_several(tokens) if tokens else []
    living = {each.opened.mailbox.public_id for each in held}
    closed = {public_id: token for public_id, token in tokens.items() if public_id not in living}
    frozen = reading.frozen_among(closed) if closed else []
    return Keyring(held, [public_id for public_id in closed if public_id not in frozen], frozen)


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
