"""`manage.py block add|remove|list`: what is refused at SMTP, at creation, and as a name."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from mailboxes.management.targets import complaint, value_of
from mailboxes.models.abuse import Block
from mailboxes.rules.errors import NotFound, TempmailError
from mailboxes.services import blocks

HOUR = 3600  # seconds


class Command(BaseCommand):
    help = "Blocks senders, sender domains, networks and names. It counts within seconds, without a restart."

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        add = actions.add_parser("add", help="block a value; again: with a new reason and end")
        self._add_value(add)
        add.add_argument("--reason", required=True, help="your words; no address, please")
        add.add_argument("--hours", type=int, help="for how long; without it until removed")
        remove = actions.add_parser("remove", help="remove a block")
        self._add_value(remove)
        remove.add_argument("--reason", default="")
        actions.add_parser("list", help="show all; a sender is shown by its number alone")

    def _add_value(self, parser: ArgumentParser) -> None:
        parser.add_argument("kind", choices=Block.Kind.values)
        parser.add_argument("value", help="`-` reads it from standard input")

    def handle(self, *args: Any, action: str, **options: Any) -> None:
        try:
            getattr(self, f"_{action}")(options)
        except TempmailError as error:
            raise complaint(error) from None

    def _add(self, options: dict[str, Any]) -> None:
        hours = options["hours"]
        seconds = None if hours is None else max(1, hours) * HOUR
        value = value_of(options["value"])
        block = blocks.add(options["kind"], value, reason=options["reason"], seconds=seconds)
        self.stdout.write(f"block {block.pk} added")

    def _remove(self, options: dict[str, Any]) -> None:
        block = blocks.find(options["kind"], value_of(options["value"]))
        if block is None:
            raise NotFound
        number = block.pk
        blocks.remove(number, reason=options["reason"])
        self.stdout.write(f"block {number} removed")

    def _list(self, options: dict[str, Any]) -> None:
        for block in Block.objects.order_by("pk"):
            until = (
                f"until {block.expires_at:%Y-%m-%d %H:%M} UTC" if block.expires_at else "for good"
            )
            value = block.value or "(kept as a digest)"
            self.stdout.write(f"{block.pk}\t{block.kind}\t{value}\t{until}\t{block.reason}")
