"""Bearer tokens (RFC 6750): API keys create mailboxes, mailbox tokens open one each."""

from django.http import HttpRequest
from ninja.security import HttpBearer

from mailboxes.database_pool import in_database_pool
from mailboxes.models.access import ApiKey
from mailboxes.rules.errors import UnknownToken
from mailboxes.services import api_keys, reading
from mailboxes.services.reading import OpenMailbox


class ApiKeyBearer(HttpBearer):
    """Accepts `tmk_...` keys that are known and not revoked."""

    def authenticate(self, request: HttpRequest, token: str) -> ApiKey | None:
        try:
            return api_keys.authenticate(token)
        except UnknownToken:
            return None


class MailboxBearer(HttpBearer):
    """Accepts `tmt_...` tokens of living mailboxes."""

    def authenticate(self, request: HttpRequest, token: str) -> OpenMailbox | None:
        try:
            return reading.open_by_token(token)
        except UnknownToken:
            return None


class AsyncMailboxBearer(HttpBearer):
    """The same for asynchronous operations."""

    async def authenticate(self, request: HttpRequest, token: str) -> OpenMailbox | None:
        try:
            return await in_database_pool(reading.open_by_token, token)
        except UnknownToken:
            return None
