"""`manage.py check_domain NAME`: have the domain doctor visit a domain now, or all of them, and print what it found."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from mailboxes.models.domains import Domain
from mailboxes.rules.addresses import normalize_domain
from mailboxes.rules.domain_findings import Finding, Level
from mailboxes.rules.errors import InvalidAddress
from mailboxes.services import domain_doctor, domain_words


class Command(BaseCommand):
    help = "Checks domains. Exits with 1 where one of them is broken."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("names", nargs="*", metavar="name")
        parser.add_argument("--all", action="store_true", help="All that take mail.")
        parser.add_argument("--no-delivery", action="store_true", help="Send no message.")

    def handle(
        self, *args: Any, names: list[str], all: bool, no_delivery: bool, **options: Any
    ) -> None:
        if bool(names) == all:
            raise CommandError("Name domains, or say --all.")
        broken = 0
        for domain in list(Domain.objects.accepting()) if all else [_named(name) for name in names]:
            report = domain_doctor.check(domain, delivery=not no_delivery)
            self.stdout.write(f"{report.domain}: {domain.get_health_display()}")
            for finding in report.findings:
                self._write(finding)
            broken += any(finding.level == Level.FAULT for finding in report.findings)
        if broken:
            raise CommandError(f"{broken} broken")

    def _write(self, finding: Finding) -> None:
        name, level = domain_words.CHECKS[finding.check], domain_words.LEVELS[finding.level]
        self.stdout.write(f"  {name}: {level}. {domain_words.words(finding)}")
        if finding.seen:
            self.stdout.write(f"    seen: {finding.seen}")
        if finding.record:
            indented = finding.record.replace("\n", "\n             ")
            self.stdout.write(f"    publish: {indented}")


def _named(name: str) -> Domain:
    try:
        found = Domain.objects.filter(name=normalize_domain(name)).first()
    except InvalidAddress:
        found = None
    if found is None:
        raise CommandError(f"There is no domain {name!r}.")
    return found
