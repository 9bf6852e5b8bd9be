"""Adding domains, offering, resting and retiring them, and choosing one for a new address."""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from mailboxes.models.abuse import ModerationRecord
from mailboxes.models.domains import Domain
from mailboxes.rules import addresses, rotation
from mailboxes.rules.errors import DomainUnavailable, InvalidAddress
from mailboxes.services import audit, clock, domain_use

Act = ModerationRecord.Act

# What an operator sets. Nothing else is written with it: the doctor may have found something meanwhile.
_SET_BY_OPERATOR = ("name", "accepts_mail", "offered", "subdomains", "weight", "retired_at")


def add(name: str) -> tuple[Domain, bool]:
    """Return the domain of that name, and whether it was added now; raise InvalidAddress for a bad name."""
    return Domain.objects.get_or_create(name=addresses.normalize_domain(name))


@dataclass(frozen=True, slots=True)
class Added:
    """What became of a list of names: how many are new, and how many were there."""

    new: int
    known: int


@transaction.atomic
def add_several(names: Iterable[str], like: Domain, *, actor: str = "") -> Added:
    """Add domains of these names, set as `like` is; those that are there stay as they are. Raises InvalidAddress."""
    wanted = dict.fromkeys(map(addresses.normalize_domain, names))
    known = set(Domain.objects.filter(name__in=wanted).values_list("name", flat=True))
    new = [name for name in wanted if name not in known]
    for name in new:
        made = Domain(
            name=name, offered=like.offered, subdomains=like.subdomains, weight=like.weight
        )
        _set(made, Act.ADD_DOMAIN, "", actor)
    return Added(len(new), len(known))


def save(domain: Domain, *, actor: str = "") -> None:
    """Save what an operator set. It counts at once: nothing caches domains."""
    is_new = domain._state.adding
    _set(domain, Act.ADD_DOMAIN if is_new else Act.CHANGE_DOMAIN, "", actor)


def offer(domain: Domain, *, reason: str = "", actor: str = "") -> bool:
    """Let visitors get addresses on a domain, one that was retired too; return whether they could not before."""
    before = _state(domain)
    domain.accepts_mail, domain.offered, domain.retired_at = True, True, None
    return _changed(domain, before, reason, actor)


def rest(domain: Domain, *, reason: str = "", actor: str = "") -> bool:
    """Offer no addresses on a domain for a while; return whether it was offered.

    Mail for those that live goes on, and keys that were given this domain may use it.
    """
    before = _state(domain)
    domain.offered = False
    return _changed(domain, before, reason, actor)


def retire(domain: Domain, *, reason: str = "", actor: str = "") -> bool:
    """Give out no address on a domain any more, to nobody; return whether it was not retired.

    Mail for those that live goes on until they end.
    """
    before = _state(domain)
    domain.offered, domain.retired_at = False, domain.retired_at or clock.now()
    return _changed(domain, before, reason, actor)


def offered() -> list[Domain]:
    """Return the domains on which a visitor may get an address, by name."""
    return list(Domain.objects.offered())


def first_name() -> str | None:
    """Return the name of the domain that was added first and still takes mail."""
    return Domain.objects.accepting().order_by("pk").values_list("name", flat=True).first()


def choose(name: str | None = None, among: Sequence[Domain] | None = None) -> Domain:
    """Return the domain for a new address: the named one, or one by rotation (rules.rotation).

    `among` are those to choose from, instead of all that are offered. Raises DomainUnavailable when it is none of
    them, or there is none.
    """
    pool = offered() if among is None else among
    if name is None:
        return _rotated(pool)
    wanted = _normalized(name)
    for domain in pool:
        if domain.name == wanted:
            return domain
    raise DomainUnavailable


def _normalized(name: str) -> str:
    try:
        return addresses.normalize_domain(name)
    except InvalidAddress:
        raise DomainUnavailable from None


def find(address: addresses.Address) -> Domain | None:
    """Return the domain that takes mail for this address, itself or as the parent of a random subdomain."""
    names = (address.domain, address.parent_domain)
    found = {domain.name: domain for domain in Domain.objects.accepting().filter(name__in=names)}
    parent = found.get(address.parent_domain)
    if address.domain not in found and parent and parent.subdomains == Domain.Subdomains.NONE:
        return None
    return found.get(address.domain) or parent


def _rotated(domains: Sequence[Domain]) -> Domain:
    """Draw one. Asks Redis once, unless there is nothing to choose between."""
    weighted = [domain for domain in domains if domain.weight]
    used = domain_use.recent() if len(weighted) > 1 else {}
    now = timezone.now()
    candidates = [
        rotation.Candidate(
            domain.weight,
            rotation.Health(domain.health),
            (now - domain.created_at).total_seconds(),
            used.get(domain.pk, 0),
        )
        for domain in weighted
    ]
    place = rotation.choose(candidates, secrets.randbelow(1 << 53) / (1 << 53))
    if place is None:
        raise DomainUnavailable
    return weighted[place]


def _state(domain: Domain) -> tuple[object, ...]:
    return domain.accepts_mail, domain.offered, domain.retired_at


def _changed(domain: Domain, before: tuple[object, ...], reason: str, actor: str) -> bool:
    if _state(domain) == before:
        return False
    _set(domain, Act.CHANGE_DOMAIN, reason, actor)
    return True


@transaction.atomic
def _set(domain: Domain, act: ModerationRecord.Act, reason: str, actor: str) -> None:
    domain.save(update_fields=None if domain._state.adding else _SET_BY_OPERATOR)
    audit.record(act, domain.name, reason=reason, actor=actor)
