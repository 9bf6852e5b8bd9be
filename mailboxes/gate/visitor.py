"""A browser that creates addresses, for limits only: a random id in a signed cookie, without a row anywhere."""

import secrets

from django.core import signing
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from mailboxes.gate import site

_SALT = "visitor"
LIFETIME = 86_400  # seconds, as long as a limit may reach back


def of(request: HttpRequest) -> str:
    """Return the id that the browser sent, if it is one of ours, else a new one."""
    try:
        return str(
            signing.loads(request.COOKIES.get(cookie_name(), ""), salt=_SALT, max_age=LIFETIME)
        )
    except signing.BadSignature:
        return secrets.token_urlsafe(16)


def remember(response: HttpResponseBase, visitor: str) -> None:
    """Give the browser its id. `__Host-` ties it to this host and https (RFC 6265bis 4.1.3.2)."""
    response.set_cookie(
        cookie_name(),
        signing.dumps(visitor, salt=_SALT),
        max_age=LIFETIME,
        path="/",
        secure=site.is_secure(),
        httponly=True,
        samesite="Lax",
    )


def cookie_name() -> str:
    """Return the name of the cookie that holds the id."""
    return "__Host-visitor" if site.is_secure() else "visitor"
