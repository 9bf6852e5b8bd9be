"""`manage.py create_api_key NAME`: prints a new API key and nothing else on stdout."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import IntegrityError, transaction

from mailboxes.services import api_keys


class Command(BaseCommand):
    help = "Creates an API key and prints it, this once; only its digest is kept."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="what or whom it is for; one key a name")

    def handle(self, *args: Any, name: str, **options: Any) -> None:
        try:
            with transaction.atomic():
                key = api_keys.create(name)
        except IntegrityError:
            raise CommandError("There is a key of this name already.") from None
        self.stdout.write(key)
