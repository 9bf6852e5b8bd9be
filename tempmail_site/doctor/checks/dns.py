"""DNS of each domain: what the domain doctor saw when it last came by."""

from collections.abc import Iterator

from mailboxes.models.domains import Domain
from mailboxes.rules.domain_findings import Level
from mailboxes.services import clock, domain_doctor, domain_words
from tempmail_site.doctor import looking
from tempmail_site.doctor.findings import CannotLook, Finding, check, fault, ok, warning

_LATE = 3  # visits that did not take place
_SHOWN = 20  # domains by name; with hundreds the admin has the rest


@check("dns.domains", "With wrong records mail does not come here, or is forged in our name.")
def domains() -> Iterator[Finding]:
    """The faults and warnings of each domain that takes mail, with the record to publish."""
    interval = domain_doctor.interval()
    if not interval:
        raise CannotLook("DOMAIN_CHECK_INTERVAL=0: nobody looks at the domains' records")
    unseen = []
    well = bad = 0
    for domain in Domain.objects.accepting():
        report = domain_doctor.latest(domain)
        if report is None:
            unseen.append(domain.name)
            continue
        found = list(_of_report(report))
        well, bad = well + (not found), bad + bool(found)
        yield from found if bad <= _SHOWN else ()
        if (clock.now() - report.checked_at).total_seconds() > _LATE * interval:
            words = f"{domain.name} was looked at {_ago(report)} ago"
            yield warning(words, "See tasks.results: check_domains.")
    if unseen:
        words = f"{len(unseen)} domains have not been looked at yet, {unseen[0]} among them"
        yield warning(words, f"Wait for the task, or: manage.py check_domain {unseen[0]}")
    if bad > _SHOWN:
        yield warning(
            f"{bad - _SHOWN} more domains are not well", "See the admin's list of domains."
        )
    yield ok(f"{well} domains are well")


def _of_report(report: domain_doctor.Report) -> Iterator[Finding]:
    for one in report.findings:
        if one.level not in (Level.FAULT, Level.WARNING):
            continue
        say = fault if one.level is Level.FAULT else warning
        seen = f" ({one.seen})" if one.seen else ""
        words = f"{report.domain}: {one.check}: {domain_words.words(one)}{seen}"
        remedy = f"Publish: {one.record}" if one.record else "See the domain's page in the admin."
        yield say(words, remedy)


def _ago(report: domain_doctor.Report) -> str:
    return looking.times((clock.now() - report.checked_at).total_seconds())
