"""`manage.py add_domain NAME`: take mail for a domain and offer it to visitors."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from mailboxes.models.domains import Domain
from mailboxes.rules.errors import InvalidAddress
from mailboxes.services import domains


class Command(BaseCommand):
    help = "Adds a domain. It counts at once: at SMTP and on the site."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name")
        parser.add_argument(
            "--if-empty", action="store_true", help="Do nothing where there is a domain already."
        )

    def handle(self, *args: Any, name: str, if_empty: bool, **options: Any) -> None:
        if if_empty and Domain.objects.exists():
            return
        try:
            domain, added = domains.add(name)
        except InvalidAddress:
            raise CommandError("This is not a domain name.") from None
        self.stdout.write(f"{domain.name} {'added' if added else 'was there already'}")
