"""`manage.py purge`: what beat does, by hand or from a timer."""

import math
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from mailboxes.services import clock_guard, exclusive, purging, retention, space

RUNNING, HELD_BACK = 3, 4
_LOCK = 60.0  # seconds, of one run and as long as another one is waited for


class Command(BaseCommand):
    help = (
        "Removes ended mailboxes and records past their retention, until none is left, and gives the space back. "
        f"Exit codes: 0 done, 1 failed, {RUNNING} another purge goes on, {HELD_BACK} held back as the clock has jumped."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--clock-is-right", action="store_true", help="Purge though the clock has jumped."
        )

    def handle(self, *args: Any, clock_is_right: bool, **options: Any) -> None:
        try:
            done = _purge_all(clock_is_right)
            records = retention.purge_records(math.inf)
        except clock_guard.ClockJumped:
            words = "Nothing is purged: the clock has jumped. If it is right: --clock-is-right"
            raise CommandError(words, returncode=HELD_BACK) from None
        space.give_back()
        self.stdout.write(
            f"mailboxes={done.mailboxes} messages={done.messages} bytes={done.bytes} records={records}"
        )


def _purge_all(clock_is_right: bool) -> purging.Purged:
    """Run under the lock of the task, as often as it takes."""
    done = purging.Purged(is_complete=False)
    while not done.is_complete:
        with exclusive.hold("purge_ended_mailboxes", _LOCK, wait=_LOCK) as held:
            if not held:
                raise CommandError("Another purge goes on.", returncode=RUNNING)
            done += purging.purge_ended_mailboxes(clock_is_right=clock_is_right)
    return done
