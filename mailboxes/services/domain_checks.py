"""What the domain doctor looks at in the DNS: where mail for a domain goes, and whether that is here."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address

from django.conf import settings

from mailboxes.models.domains import Domain
from mailboxes.rules import addresses, domain_records
from mailboxes.rules.domain_findings import Check, Finding, Level
from mailboxes.rules.webhook_networks import is_public
from mailboxes.services import domains
from mailboxes.services.domain_dns import Address, Answer, Exchanger, Failure, Lookups, State

_DNS_SECONDS = 12.0
_MOST_HOSTS, _MOST_ADDRESSES = 5, 4
_STATES = {State.NO_NAME: "no-name", State.NOTHING: "none"}


@dataclass(slots=True)
class Visit:
    """One domain, what is to be there, and what was found out so far."""

    name: str
    has_subdomains: bool
    host: str  # of our MX
    ours: frozenset[Address]
    lookups: Lookups = field(default_factory=lambda: Lookups(time.monotonic() + _DNS_SECONDS))
    # A name that only a wildcard answers for.
    random_name: str = ""
    hosts: list[str] = field(default_factory=list)  # that the MX records name


def visit(domain: Domain) -> Visit:
    """Return what there is to look at. One query."""
    return Visit(
        domain.name,
        domain.subdomains == Domain.Subdomains.RANDOM,
        mx_host() or f"mx.{domain.name}",
        public_addresses(),
        random_name=f"{addresses.random_label(6)}.{domain.name}",
    )


def mx_host() -> str | None:
    """Return the name that MX records are to have, as Postfix greets with it; None where there is no domain."""
    if settings.SMTP_HOSTNAME:
        return str(settings.SMTP_HOSTNAME).lower().removesuffix(".")
    first = domains.first_name()
    return first and f"mx.{first}"


def public_addresses() -> frozenset[Address]:
    """Return the addresses that the internet knows this host by, as far as the operator named them."""
    return frozenset(ip_address(text) for text in settings.PUBLIC_ADDRESSES)


def check_mx(visit: Visit) -> Finding:
    """Judge the MX records of the domain itself."""
    answer, found = visit.lookups.exchangers(visit.name)
    visit.hosts = _hosts(found)
    return _judge_mx(visit, Check.MX, visit.name, answer, found)


def check_wildcard(visit: Visit) -> Iterator[Finding]:
    """Judge the MX record that all names below the domain share; only where addresses are given out there."""
    if visit.has_subdomains:
        answer, found = visit.lookups.exchangers(visit.random_name)
        yield _judge_mx(visit, Check.WILDCARD, f"*.{visit.name}", answer, found)


def check_addresses(visit: Visit) -> Iterator[Finding]:
    """Judge the addresses of each MX host of ours, and the name of each address."""
    for host in [each for each in visit.hosts if _is_ours(visit, each)] or [visit.host]:
        answer, found = visit.lookups.addresses(host)
        yield _judge_addresses(visit, host, answer, found)
        for address in found[:_MOST_ADDRESSES]:
            yield _judge_name(visit, host, address)


def check_spf(visit: Visit) -> Iterator[Finding]:
    """Judge SPF of the domain, and of the names below it where addresses are given out there."""
    names = [(visit.name, visit.name)]
    if visit.has_subdomains:
        names.append((visit.random_name, f"*.{visit.name}"))
    for asked, published in names:
        answer = visit.lookups.texts(asked)
        if answer.failure:
            yield unknown(Check.SPF, answer.failure)
        else:
            yield domain_records.judge_spf(answer.values, published)


def check_dmarc(visit: Visit) -> Finding:
    """Judge DMARC. It holds for the names below too."""
    answer = visit.lookups.texts(f"_dmarc.{visit.name}")
    if answer.failure:
        return unknown(Check.DMARC, answer.failure)
    return domain_records.judge_dmarc(answer.values, visit.name)


def unknown(check: Check, failure: Failure) -> Finding:
    """Return that nothing is known, and why."""
    return Finding(check, Level.UNKNOWN, f"dns-{failure}")


def _judge_mx(
    visit: Visit, check: Check, name: str, answer: Answer, found: Sequence[Exchanger]
) -> Finding:
    record = domain_records.mx(name, visit.host)
    if answer.failure:
        return unknown(check, answer.failure)
    seen = ", ".join(f"{each.preference} {each.host}." for each in found)
    hosts = _hosts(found)
    if not found:
        return Finding(check, Level.FAULT, _STATES[answer.state], seen, record)
    if not hosts:
        return Finding(check, Level.FAULT, "null", seen, record)
    here = [each for each in hosts if _is_ours(visit, each)]
    if not here:
        is_known = all(_is_known(visit, each) for each in hosts)
        level = Level.FAULT if is_known else Level.UNKNOWN
        return Finding(check, level, "elsewhere" if is_known else "unresolved", seen, record)
    if len(here) < len(hosts):
        return Finding(check, Level.WARNING, "not-only-here", seen, record)
    if any(visit.lookups.addresses(each)[0].is_alias for each in hosts):
        return Finding(check, Level.WARNING, "alias", seen, record)
    return Finding(check, Level.OK, "here", seen)


def _hosts(found: Sequence[Exchanger]) -> list[str]:
    return list(dict.fromkeys(each.host for each in found if each.host))[:_MOST_HOSTS]


def _is_ours(visit: Visit, host: str) -> bool:
    """Tell whether a host is this one: by its name, or by all of its addresses."""
    if host == visit.host:
        return True
    found = visit.lookups.addresses(host)[1]
    return bool(found) and set(found) <= (visit.ours or set(visit.lookups.addresses(visit.host)[1]))


def _is_known(visit: Visit, host: str) -> bool:
    answer, found = visit.lookups.addresses(host)
    return bool(found) or answer.failure is None


def _judge_addresses(visit: Visit, host: str, answer: Answer, found: Sequence[Address]) -> Finding:
    if answer.failure and not found:
        return unknown(Check.ADDRESS, answer.failure)
    seen = f"{host}.: " + ", ".join(map(str, found))
    missing = [each for each in sorted(visit.ours, key=str) if each not in found]
    record = "\n".join(domain_records.address(host, each) for each in missing)
    if not found:
        return Finding(Check.ADDRESS, Level.FAULT, "none", f"{host}.", record)
    if not visit.ours:
        private = [each for each in found if not is_public(each)]
        level, code = (Level.FAULT, "private") if private else (Level.OK, "public")
        return Finding(Check.ADDRESS, level, code, seen)
    strange = [each for each in found if each not in visit.ours]
    if strange:
        level = Level.WARNING if len(strange) < len(found) else Level.FAULT
        return Finding(Check.ADDRESS, level, "elsewhere", seen, record)
    if missing and not answer.failure:
        return Finding(Check.ADDRESS, Level.ADVICE, "missing", seen, record)
    return Finding(Check.ADDRESS, Level.OK, "here", seen)


def _judge_name(visit: Visit, host: str, address: Address) -> Finding:
    answer = visit.lookups.names(address)
    if answer.failure:
        return unknown(Check.REVERSE, answer.failure)
    names = [value.removesuffix(".").lower() for value in answer.values]
    seen = f"{address}: " + (", ".join(f"{each}." for each in names))
    if names == [host]:
        return Finding(Check.REVERSE, Level.OK, "matches", seen)
    code = "other" if names else "none"
    record = domain_records.reverse(address, host)
    return Finding(Check.REVERSE, Level.WARNING, code, seen, record)
