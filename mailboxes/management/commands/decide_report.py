"""`manage.py decide_report REFERENCE DECISION`: closes a report of abuse."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from mailboxes.management.targets import complaint
from mailboxes.models.abuse import AbuseReport
from mailboxes.rules.errors import TempmailError
from mailboxes.services import moderation


class Command(BaseCommand):
    help = "Closes a report with a decision. Whoever holds its reference can read the decision."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("reference")
        parser.add_argument("decision", choices=AbuseReport.Decision.values)
        parser.add_argument("--reason", default="", help="your words, for the record; no address")

    def handle(self, *args: Any, reference: str, decision: str, **options: Any) -> None:
        try:
            report = moderation.decide(reference, decision, reason=options["reason"])
        except TempmailError as error:
            raise complaint(error) from None
        self.stdout.write(f"report {report.reference} closed: {report.decision}")
