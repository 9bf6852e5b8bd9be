"""Giving out a new address."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import IntegrityError, transaction

from mailboxes.models.domains import Domain
from mailboxes.models.mailboxes import IssuedAddress, Mailbox
from mailboxes.rules import addresses, lifetimes, sealing
from mailboxes.rules.errors import AddressTaken, LocalPartNotAllowed, Unavailable
from mailboxes.services import (
    activity,
    blocklist,
    clock,
    domain_use,
    domains,
    key_guard,
    keys,
    metrics,
)

_ATTEMPTS = 5
_PUBLIC_ID_LENGTH = 16


@dataclass(frozen=True, slots=True)
class Created:
    """A new mailbox, with what only its owner will know: address and token."""

    mailbox: Mailbox
    address: str
    token: str


def custom_names_allowed() -> bool:
    """Tell whether the operator lets visitors choose a name."""
    return bool(settings.CUSTOM_LOCAL_PARTS)


def default_lifetime() -> int:
    """Return the lifetime in seconds of a mailbox for which none was chosen."""
    return int(settings.DEFAULT_LIFETIME)


def lifetimes_offered() -> list[int]:
    """Return the lifetimes in seconds that a visitor may choose from."""
    return [seconds for seconds in lifetimes.CHOICES if seconds <= settings.MAX_LIFETIME]


def create(
    *,
    domain: str | None = None,
    local_part: str | None = None,
    lifetime: int | None = None,
    token: str | None = None,
    among: Sequence[Domain] | None = None,
) -> Created:
    """Create a mailbox that lives `lifetime` seconds on an offered domain, and return it with address and token.

    `token`: one that was never used, instead of a random one. `among`: the domains to choose from, instead of all that
    are offered.

    Raises DomainUnavailable, LifetimeOutOfBounds, LocalPartNotAllowed, and AddressTaken for a chosen name that is
    in use or ever was. A random name is never one that was issued before, also under concurrent creation: the
    digest of every issued address is a primary key. Raises Unavailable when no random name was free.
    """
    key_guard.ensure()
    seconds = lifetimes.check(lifetime or default_lifetime(), settings.MAX_LIFETIME)
    name = None if local_part is None else _custom(local_part)
    chosen = domains.choose(domain, among)
    for _ in range(1 if name else _ATTEMPTS):
        address = addresses.Address(name or addresses.random_label(), _host(chosen, name))
        if addresses.is_reserved(address.local_part):
            continue
        try:
            created = _insert(address, chosen, seconds, token or sealing.new_token())
        except IntegrityError:
            continue
        domain_use.note(chosen.pk)
        metrics.CREATED.add()
        return created
    raise AddressTaken if name else Unavailable


def _custom(local_part: str) -> str:
    if not custom_names_allowed():
        raise LocalPartNotAllowed
    refused = blocklist.current().refused_names()
    return addresses.check_custom(local_part, frozenset(settings.RESERVED_LOCAL_PARTS) | refused)


def _host(domain: Domain, name: str | None) -> str:
    if domain.subdomains == Domain.Subdomains.RANDOM and name is None:
        return f"{addresses.random_label(6)}.{domain.name}"
    return domain.name


@transaction.atomic
def _insert(address: addresses.Address, domain: Domain, seconds: int, token: str) -> Created:
    public_key = sealing.public_key(sealing.private_key(token))
    digest = keys.address_digest(address)
    now = clock.now()
    expires_at = now + timedelta(seconds=seconds)
    IssuedAddress.objects.create(digest=digest)
    mailbox = Mailbox.objects.create(
        public_id=addresses.random_label(_PUBLIC_ID_LENGTH),
        address_digest=digest,
        sealed_address=sealing.seal(
            public_key, sealing.Kind.ADDRESS, digest, sealing.pack(str(address).encode())
        ),
        public_key=public_key,
        domain=domain,
        created_at=now,
        expires_at=expires_at,
        max_expires_at=now + timedelta(seconds=settings.MAX_LIFETIME),
        last_activity_at=now,
        ends_at=activity.ends_at(expires_at, now),
    )
    return Created(mailbox, str(address), token)
