"""`manage.py moderate freeze|unfreeze|end`: what an operator can do to a mailbox without being able to read it."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from mailboxes.management.targets import complaint, value_of
from mailboxes.models.mailboxes import Mailbox
from mailboxes.rules.errors import TempmailError
from mailboxes.services import moderation


class Command(BaseCommand):
    help = "Freezes, unfreezes or ends a mailbox. Exit status 3: there is no such mailbox, or no longer."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("action", choices=("freeze", "unfreeze", "end"))
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("address", nargs="?", help="`-` reads it from standard input")
        which.add_argument("--report", help="the reference of a report that names the address")
        which.add_argument("--id", help="the mailbox's public id, as in its URL")
        parser.add_argument("--reason", default="", help="your words, for the record; no address")

    def handle(self, *args: Any, action: str, **options: Any) -> None:
        try:
            mailbox = self._mailbox(options)
            done = getattr(moderation, action)(mailbox, reason=options["reason"])
        except TempmailError as error:
            raise complaint(error) from None
        was_so = " (it was already)" if done is False else ""
        self.stdout.write(f"mailbox {mailbox.public_id}: {action}{was_so}")

    def _mailbox(self, options: dict[str, Any]) -> Mailbox:
        if options["report"]:
            return moderation.by_report(options["report"])
        if options["id"]:
            return moderation.by_public_id(options["id"])
        return moderation.by_address(value_of(options["address"]))
