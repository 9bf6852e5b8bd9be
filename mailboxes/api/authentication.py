"""Bearer tokens (RFC 6750): API keys create mailboxes, mailbox tokens open one each. Wrong ones are counted."""

from collections.abc import Callable
from typing import Any, TypeVar

from django.http import HttpRequest
from ninja.security import HttpBearer

from mailboxes.database_pool import in_database_pool
from mailboxes.gate import limits
from mailboxes.rules.errors import NotFound, UnknownToken
from mailboxes.services import api_keys, reading
from mailboxes.services.api_keys import KnownKey
from mailboxes.services.reading import OpenMailbox

T = TypeVar("T")
NOBODY = "nobody"  # who sent no Authorization, where that is allowed


class _Bearer(HttpBearer):
    """Ninja's, but for its log line, in DEBUG, with the header that was sent."""

    def __call__(self, request: HttpRequest) -> Any:
        scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
        return self.authenticate(request, token) if scheme.lower() == "bearer" else None


class OptionalApiKeyBearer(_Bearer):
    """Accepts `tmk_...` keys that are known and not revoked, and requests without any Authorization.

    One that is sent and wrong is wrong, whatever else the request brings.
    """

    def __call__(self, request: HttpRequest) -> KnownKey | str | None:
        if "Authorization" not in request.headers:
            return NOBODY
        found: KnownKey | None = super().__call__(request)
        return found

    def authenticate(self, request: HttpRequest, token: str) -> KnownKey | None:
        return _known(request, api_keys.authenticate, token)


class MailboxBearer(_Bearer):
    """Accepts `tmt_...` tokens of living mailboxes."""

    def authenticate(self, request: HttpRequest, token: str) -> OpenMailbox | None:
        return _opened(request, token)


class AsyncMailboxBearer(_Bearer):
    """The same for asynchronous operations."""

    async def authenticate(self, request: HttpRequest, token: str) -> OpenMailbox | None:
        return await in_database_pool(_opened, request, token)


def _opened(request: HttpRequest, token: str) -> OpenMailbox | None:
    opened = _known(request, reading.open_by_token, token)
    if opened is not None:
        limits.check_api_call(request, opened.mailbox.public_id)
    return opened


def _known(request: HttpRequest, lookup: Callable[[str], T], token: str) -> T | None:
    """Return what a token stands for, or None; raise RateLimited after too many wrong ones, before looking."""
    limits.check_wrong_tokens(request)
    try:
        return lookup(token)
    except UnknownToken:
        limits.note_wrong_token(request)
        return None


def own_mailbox(request: HttpRequest, address: str) -> OpenMailbox:
    """Return the token's mailbox if the address in the path is its own, or `me`; raise NotFound."""
    opened: OpenMailbox = request.auth  # type: ignore[attr-defined]
    if not reading.is_address_of(opened, address):
        raise NotFound
    return opened
