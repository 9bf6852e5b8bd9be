"""The domain doctor: looks at a domain as a sender would, keeps what it found, and judges its health."""

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import disposable_email_domains
from django.conf import settings
from django.db.models import F, Q, QuerySet

from mailboxes.models.domains import Domain, DomainReport
from mailboxes.rules import domain_findings, domain_records
from mailboxes.rules.domain_findings import Check, Finding, Level
from mailboxes.rules.rotation import Health
from mailboxes.services import (
    canary,
    clock,
    domain_checks,
    domain_dns,
    domain_policy,
    domain_tls,
)

logger = logging.getLogger(__name__)

# A task starts no further visit after this long; one takes half a minute where everything is slow.
_STARTING_SECONDS = 10.0
# What is broken is looked at again sooner: it may have been mended, or the fault may have been ours.
_AGAIN_SECONDS = 1800


@dataclass(frozen=True, slots=True)
class Report:
    """What one visit found."""

    domain: str
    checked_at: datetime
    health: Health
    findings: tuple[Finding, ...]


def interval() -> int:
    """Return how many seconds lie between two visits of a healthy domain; 0 where the operator wants none."""
    return int(settings.DOMAIN_CHECK_INTERVAL)


def latest(domain: Domain) -> Report | None:
    """Return the last report of a domain. One query."""
    row = DomainReport.objects.filter(domain=domain).first()
    if row is None:
        return None
    findings = domain_findings.from_json(row.findings)
    return Report(domain.name, row.checked_at, domain_findings.health_of(findings), findings)


def check(domain: Domain, *, delivery: bool = True) -> Report:
    """Visit a domain, keep the report, and let the health follow it; half a minute where everything is slow.

    Sends one message through the mail server of this host, unless `delivery` is off or no mail is taken.
    """
    now = clock.now()
    DomainReport.objects.update_or_create(domain=domain, defaults={"checked_at": now})
    findings = tuple(_findings(domain, delivery and domain.accepts_mail))
    health = domain_findings.health_of(findings)
    DomainReport.objects.filter(domain=domain).update(findings=domain_findings.to_json(findings))
    if health != Health.UNKNOWN:  # a resolver that is away takes no domain out of rotation
        Domain.objects.filter(pk=domain.pk).update(health=health.value)
        domain.health = health.value
    faults = sum(each.level == Level.FAULT for each in findings)
    if faults:
        logger.warning("a domain has faults", extra={"count": faults})
    return Report(domain.name, now, health, findings)


def check_due() -> int:
    """Visit the domains whose time has come, those never visited first; return how many were visited."""
    deadline, visited = time.monotonic() + _STARTING_SECONDS, 0
    for domain in _due():
        if time.monotonic() >= deadline:
            break
        check(domain)
        visited += 1
    return visited


def _due() -> QuerySet[Domain]:
    now = clock.now()
    long_ago = Q(report__checked_at__lte=now - timedelta(seconds=interval()))
    again = Q(health=Health.BAD.value) & Q(
        report__checked_at__lte=now - timedelta(seconds=min(_AGAIN_SECONDS, interval()))
    )
    due = Q(report=None) | long_ago | again
    oldest_first = F("report__checked_at").asc(nulls_first=True)
    return Domain.objects.accepting().filter(due).order_by(oldest_first)


def _findings(domain: Domain, delivery: bool) -> Iterator[Finding]:
    visit = domain_checks.visit(domain)
    if domain_dns.is_asked(domain.name):
        yield domain_checks.check_mx(visit)
        yield from domain_checks.check_wildcard(visit)
        yield from domain_checks.check_addresses(visit)
        yield from domain_checks.check_spf(visit)
        yield domain_checks.check_dmarc(visit)
        yield domain_policy.check(visit)
    else:
        yield domain_checks.unknown(Check.MX, domain_dns.Failure.NOT_ASKED)
    yield domain_tls.check(visit.host)
    yield _listed(domain)
    if delivery:
        yield _delivered(domain)


def _listed(domain: Domain) -> Finding:
    """Look into the public list that many sites refuse addresses by. It is data of a package, as old as that."""
    name = domain_records.is_listed(domain.name, disposable_email_domains.blocklist)
    if name is None:
        return Finding(Check.BLOCKLIST, Level.OK, "not-listed")
    return Finding(Check.BLOCKLIST, Level.WARNING, "listed", name)


def _delivered(domain: Domain) -> Finding:
    try:
        took = canary.deliver_to(domain)
    except canary.Failed as failure:
        return Finding(Check.DELIVERY, Level.FAULT, failure.reason.value)
    return Finding(Check.DELIVERY, Level.OK, "delivered", f"{took} ms")
