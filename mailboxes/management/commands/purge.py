"""`manage.py purge`: what beat does, by hand."""

from typing import Any

from django.core.management.base import BaseCommand

from mailboxes.services import ending


class Command(BaseCommand):
    help = "Removes ended mailboxes and records past their retention, until none is left."

    def handle(self, *args: Any, **options: Any) -> None:
        mailboxes = 0
        while purged := ending.purge_ended_mailboxes():
            mailboxes += purged
        self.stdout.write(f"mailboxes={mailboxes} records={ending.purge_records()}")
