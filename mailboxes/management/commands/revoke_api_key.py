"""`manage.py revoke_api_key NAME`: the key is unknown from then on. What it has made lives on."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from mailboxes.management.targets import complaint
from mailboxes.rules.errors import NotFound
from mailboxes.services import api_keys


class Command(BaseCommand):
    help = "Revokes an API key, at once and for good. Exit status 3: there is none of this name."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name")

    def handle(self, *args: Any, name: str, **options: Any) -> None:
        try:
            was_known = api_keys.revoke(name)
        except NotFound as error:
            raise complaint(error) from None
        self.stdout.write("revoked" if was_known else "it was revoked already")
