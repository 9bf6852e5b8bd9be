"""Bearer tokens (RFC 6750): API keys create mailboxes, mailbox tokens open one each. Wrong ones are counted."""

from collections.abc import Callable
from typing import TypeVar

from django.http import HttpRequest
from ninja.security import HttpBearer

from mailboxes.database_pool import in_database_pool
from mailboxes.gate import limits
from mailboxes.models.access import ApiKey
from mailboxes.rules.errors import UnknownToken
from mailboxes.services import api_keys, reading
from mailboxes.services.reading import OpenMailbox

T = TypeVar("T")


class ApiKeyBearer(HttpBearer):
    """Accepts `tmk_...` keys that are known and not revoked."""

    def authenticate(self, request: HttpRequest, token: str) -> ApiKey | None:
        return _known(request, api_keys.authenticate, token)


class MailboxBearer(HttpBearer):
    """Accepts `tmt_...` tokens of living mailboxes."""

    def authenticate(self, request: HttpRequest, token: str) -> OpenMailbox | None:
        return _known(request, reading.open_by_token, token)


class AsyncMailboxBearer(HttpBearer):
    """The same for asynchronous operations."""

    async def authenticate(self, request: HttpRequest, token: str) -> OpenMailbox | None:
        return await in_database_pool(_known, request, reading.open_by_token, token)


def _known(request: HttpRequest, lookup: Callable[[str], T], token: str) -> T | None:
    """Return what a token stands for, or None; raise RateLimited after too many wrong ones, before looking."""
    limits.check_wrong_tokens(request)
    try:
        return lookup(token)
    except UnknownToken:
        limits.note_wrong_token(request)
        return None
