"""The one door to everything below /m/: the token in the cookie opens the mailbox, or there is nothing here."""

import functools
from collections.abc import Callable
from typing import Concatenate, ParamSpec

from django.http import HttpRequest, HttpResponse

from mailboxes.gate import limits
from mailboxes.rules.errors import Frozen, NotFound, RateLimited, Unavailable
from mailboxes.services import reading
from mailboxes.services.reading import OpenMailbox
from mailboxes.web import cookies, errors
from mailboxes.web.availability import needs_database
from mailboxes.web.responses import make_private

P = ParamSpec("P")


def open_mailbox(request: HttpRequest, public_id: str) -> OpenMailbox:
    """Return the mailbox if this browser holds its token; raise NotFound, Frozen, RateLimited."""
    limits.check_inbox(request)
    token = token_of(request, public_id)
    try:
        return reading.open_by_public_id(public_id, token)
    except NotFound:
        limits.note_wrong_token(request)
        raise


def token_of(request: HttpRequest, public_id: str) -> str:
    """Return the token that the browser sent for this mailbox; raise NotFound when it sent none."""
    token = request.COOKIES.get(cookies.name(public_id))
    if token is None:
        raise NotFound
    return token


def mailbox_view(
    view: Callable[Concatenate[HttpRequest, OpenMailbox, P], HttpResponse],
) -> Callable[..., HttpResponse]:
    """Give the view an open mailbox in place of its public id, or answer in its stead.

    Comes before any check of the method, so that a stranger learns nothing from a 405 either.
    """

    @functools.wraps(view)
    @needs_database
    def opened_view(
        request: HttpRequest, /, public_id: str, *args: P.args, **kwargs: P.kwargs
    ) -> HttpResponse:
        try:
            response = view(request, open_mailbox(request, public_id), *args, **kwargs)
        except (Frozen, NotFound, RateLimited, Unavailable) as error:
            return errors.answer(request, error)
        return make_private(response)

    return opened_view
