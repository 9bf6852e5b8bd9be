"""Keys of API clients: they create mailboxes and open none."""

import hashlib

from mailboxes.models.access import ApiKey
from mailboxes.rules import sealing
from mailboxes.rules.errors import UnknownToken
from mailboxes.services import clock


def create(name: str) -> str:
    """Create a key of that name and return it; only its digest is kept. Raises IntegrityError for a taken name."""
    key = sealing.new_token(sealing.API_KEY_PREFIX)
    ApiKey.objects.create(name=name, digest=_digest(key))
    return key


def authenticate(key: str) -> ApiKey:
    """Return the row of a key that is known and not revoked; raise UnknownToken. Notes the day of use."""
    row = ApiKey.objects.filter(digest=_digest(key), revoked_at=None).first()
    if row is None:
        raise UnknownToken
    today = clock.now().date()
    if row.last_used_on != today:
        ApiKey.objects.filter(pk=row.pk).update(last_used_on=today)
    return row


def save(api_key: ApiKey) -> None:
    """Save what an operator changed: limits, revocation."""
    api_key.save()


def _digest(key: str) -> bytes:
    """32 random bytes need no slow hash: there is nothing to guess."""
    secret = sealing.token_bytes(key, sealing.API_KEY_PREFIX)
    return hashlib.blake2b(secret, digest_size=32, person=b"tempmail-apikey").digest()
