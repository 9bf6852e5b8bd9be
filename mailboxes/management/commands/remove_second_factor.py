"""`manage.py remove_second_factor NAME`: for an operator who has lost the phone and the recovery codes."""

from argparse import ArgumentParser
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError

from mailboxes.management.targets import NOT_FOUND
from mailboxes.services import second_factor


class Command(BaseCommand):
    help = "Takes the second factor from an operator's account. Exit status 3: there is no such account."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name")
        parser.add_argument("--reason", default="", help="your words, for the record")

    def handle(self, *args: Any, name: str, reason: str, **options: Any) -> None:
        user = get_user_model().objects.filter(username=name).first()
        if user is None:
            raise CommandError("There is no such account.", returncode=NOT_FOUND)
        removed = second_factor.remove(user, actor="", reason=reason)
        self.stdout.write("removed" if removed else "there was none")
