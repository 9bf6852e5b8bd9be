"""`manage.py create_api_key NAME`: prints a new API key and nothing else on stdout."""

from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from mailboxes.models.access import ApiKey
from mailboxes.models.domains import Domain
from mailboxes.rules import addresses
from mailboxes.rules.errors import InvalidAddress
from mailboxes.services import api_keys


class Command(BaseCommand):
    help = "Creates an API key and prints it, this once; only its digest is kept."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="what or whom it is for; one key a name")
        parser.add_argument(
            "--choose-names", action="store_true", help="where CUSTOM_LOCAL_PARTS is on"
        )
        parser.add_argument(
            "--domain",
            action="append",
            default=[],
            help="only on this domain, offered or not; again for more than one",
        )
        parser.add_argument("--per-minute", type=int, default=60, help="addresses (60)")
        parser.add_argument("--per-day", type=int, default=10_000, help="addresses (10000)")

    def handle(self, *args: Any, name: str, **options: Any) -> None:
        api_key = ApiKey(
            name=name,
            may_choose_name=options["choose_names"],
            creations_per_minute=options["per_minute"],
            creations_per_day=options["per_day"],
        )
        try:
            api_key.full_clean(exclude=("digest",))
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from None
        self.stdout.write(api_keys.issue(api_key, [_domain(each) for each in options["domain"]]))


def _domain(name: str) -> Domain:
    try:
        return Domain.objects.get(name=addresses.normalize_domain(name))
    except (Domain.DoesNotExist, InvalidAddress):
        raise CommandError("One of these domains is not here.") from None
