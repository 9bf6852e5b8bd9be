"""`manage.py seed_demo`: domains, mailboxes and mail to look at, and `--remove` to take them away again."""

import contextlib
import logging
from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from mailboxes.services.demo import seeding


class Command(BaseCommand):
    help = (
        "Fills this site with a demo: domains under .test, mailboxes, mail of many kinds. Prints a link for each "
        "mailbox: whoever has it can read it. Again: new mailboxes beside the old ones, which end after their time."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--remove",
            action="store_true",
            help="Remove the demo's domains with all mailboxes on them, also those that visitors have made there.",
        )
        parser.add_argument(
            "--force",
            action="store_true",
            help="Do it though this site is on the net: its visitors get addresses that no mail can reach.",
        )

    def handle(self, *args: Any, remove: bool, force: bool, **options: Any) -> None:
        if remove:
            mailboxes, domains = seeding.remove()
            self.stdout.write(f"removed: mailboxes={mailboxes} domains={domains}")
            return
        if seeding.is_production() and not force:
            raise CommandError(
                "This site is on the net: visitors would be offered domains that no mail can reach. "
                "If you want that: --force; take it away again with --remove."
            )
        with _without_deliveries():
            for one in seeding.seed():
                self.stdout.write(
                    f"{one.about} ({one.messages} messages)\n  {one.created.address}\n  {one.link}"
                )


@contextlib.contextmanager
def _without_deliveries() -> Iterator[None]:
    """Write no line for each delivery: this mail is none that came, and the links are what is to be read."""
    logger = logging.getLogger("mailboxes.services.intake")
    before = logger.level
    logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        logger.setLevel(before)
