"""Adding domains and choosing one for a new address."""

import secrets
from collections.abc import Sequence

from mailboxes.models.domains import Domain
from mailboxes.rules import addresses
from mailboxes.rules.errors import DomainUnavailable, InvalidAddress


def add(name: str) -> tuple[Domain, bool]:
    """Return the domain of that name, and whether it was added now; raise InvalidAddress for a bad name."""
    return Domain.objects.get_or_create(name=addresses.normalize_domain(name))


def save(domain: Domain) -> None:
    """Save what an operator changed. It counts at once: nothing caches domains."""
    domain.save()


def offered() -> list[Domain]:
    """Return the domains on which a visitor may get an address, by name."""
    return list(Domain.objects.offered())


def first_name() -> str | None:
    """Return the name of the domain that was added first and still takes mail."""
    return Domain.objects.accepting().order_by("pk").values_list("name", flat=True).first()


def choose(name: str | None = None, among: Sequence[Domain] | None = None) -> Domain:
    """Return the domain for a new address: the named one, or one at random by weight.

    `among` are those to choose from, instead of all that are offered. Raises DomainUnavailable when it is none of
    them, or there is none.
    """
    pool = offered() if among is None else among
    if name is None:
        return _weighted([domain for domain in pool if domain.weight])
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


def _weighted(domains: list[Domain]) -> Domain:
    if not domains:
        raise DomainUnavailable
    ticket = secrets.randbelow(sum(domain.weight for domain in domains))
    for domain in domains:
        ticket -= domain.weight
        if ticket < 0:
            return domain
    raise AssertionError("a ticket is below the sum of the weights")
