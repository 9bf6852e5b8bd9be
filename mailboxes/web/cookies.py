"""The cookies that open mailboxes: one for each, holding its token."""

import re
from datetime import datetime

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from mailboxes.gate import site

LIMIT = 10  # mailboxes a browser
_READ_AT_MOST = 20  # a browser that was made to send more is not followed further
_PUBLIC_ID = re.compile(r"[a-z0-9]{1,16}", re.ASCII)


def name(public_id: str) -> str:
    """Return the cookie's name. `__Host-` ties it to this host, this path and https (RFC 6265bis 4.1.3.2)."""
    return _prefix() + public_id


def held(request: HttpRequest) -> dict[str, str]:
    """Return the tokens that this browser sent, by public id; nobody has checked them yet."""
    found = {
        key.removeprefix(_prefix()): value
        for key, value in request.COOKIES.items()
        if key.startswith(_prefix()) and _PUBLIC_ID.fullmatch(key.removeprefix(_prefix()))
    }
    return dict(list(found.items())[:_READ_AT_MOST])


def give(
    response: HttpResponseBase, public_id: str, token: str, *, expires_at: datetime, now: datetime
) -> None:
    """Let the browser open this mailbox until it ends."""
    response.set_cookie(
        name(public_id),
        token,
        max_age=max(0, int((expires_at - now).total_seconds())),
        path="/",
        secure=site.is_secure(),
        httponly=True,
        samesite="Lax",
    )


def forget(response: HttpResponseBase, public_id: str) -> None:
    """Take the token of a mailbox away from the browser."""
    response.delete_cookie(name(public_id), path="/", samesite="Lax")


def _prefix() -> str:
    return "__Host-m-" if site.is_secure() else "m-"
