"""Keys of API clients: they create mailboxes and open none."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from mailboxes.models.abuse import ModerationRecord
from mailboxes.models.access import ApiKey
from mailboxes.models.domains import Domain
from mailboxes.rules import sealing
from mailboxes.rules.errors import InsufficientScope, NotFound, UnknownToken
from mailboxes.services import audit, clock

Act = ModerationRecord.Act
CREATE, CHOOSE_NAME = "create", "choose_name"  # scopes


@dataclass(frozen=True, slots=True)
class KnownKey:
    """A key that was sent and is known, with its secret half, which is kept nowhere."""

    row: ApiKey
    secret: bytes


def create(name: str) -> str:
    """Create a key of that name and return it; only its digest is kept. Raises IntegrityError for a taken name."""
    return issue(ApiKey(name=name))


@transaction.atomic
def issue(api_key: ApiKey, domains: Sequence[Domain] = (), *, actor: str = "") -> str:
    """Save a new key, for these domains only if there are any, and return it: it is known this once."""
    key = sealing.new_token(sealing.API_KEY_PREFIX)
    api_key.digest = _digest(_secret(key))
    if domains:
        api_key.any_domain = False
    api_key.save(force_insert=True)
    api_key.domains.set(domains)
    audit.record(Act.ISSUE_KEY, api_key.name, actor=actor)
    return key


def authenticate(key: str) -> KnownKey:
    """Return the key if it is known and not revoked; raise UnknownToken. Notes the day of use."""
    secret = _secret(key)
    row = ApiKey.objects.filter(digest=_digest(secret), revoked_at=None).first()
    if row is None:
        raise UnknownToken
    today = clock.now().date()
    if row.last_used_on != today:
        ApiKey.objects.filter(pk=row.pk).update(last_used_on=today)
    return KnownKey(row, secret)


def check_scope(api_key: ApiKey, *, chooses_name: bool) -> None:
    """Raise InsufficientScope when the key was not made for this."""
    if not api_key.may_create:
        raise InsufficientScope(CREATE)
    if chooses_name and not api_key.may_choose_name:
        raise InsufficientScope(CHOOSE_NAME)


def scopes(api_key: ApiKey) -> list[str]:
    """Return the scopes of a key by name."""
    has = {CREATE: api_key.may_create, CHOOSE_NAME: api_key.may_choose_name}
    return [scope for scope, given in has.items() if given]


def domains_of(api_key: ApiKey) -> list[Domain] | None:
    """Return the domains that a key is confined to; None for all that visitors are offered. A query for each use."""
    if api_key.any_domain:
        return None
    return list(api_key.domains.accepting().filter(retired_at=None))


@transaction.atomic
def save(api_key: ApiKey, *, actor: str = "") -> None:
    """Save what an operator changed: scopes, limits."""
    api_key.save()
    audit.record(Act.CHANGE_KEY, api_key.name, actor=actor)


@transaction.atomic
def revoke(name: str, *, reason: str = "", actor: str = "") -> bool:
    """Let a key be unknown from now on; return whether it was known before. Raises NotFound."""
    if not ApiKey.objects.filter(name=name).exists():
        raise NotFound
    rows = ApiKey.objects.filter(name=name, revoked_at=None)
    is_revoked = bool(rows.update(revoked_at=clock.now()))
    if is_revoked:
        audit.record(Act.REVOKE_KEY, name, reason=reason, actor=actor)
    return is_revoked


def _secret(key: str) -> bytes:
    return sealing.token_bytes(key, sealing.API_KEY_PREFIX)


def _digest(secret: bytes) -> bytes:
    """32 random bytes need no slow hash: there is nothing to guess."""
    return hashlib.blake2b(secret, digest_size=32, person=b"tempmail-apikey").digest()
