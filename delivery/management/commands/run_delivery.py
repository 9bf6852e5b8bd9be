"""`manage.py run_delivery`: the resident delivery worker, in the foreground."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from delivery import worker


class Command(BaseCommand):
    """SIGTERM finishes what is under way and ends; SIGHUP takes new code and settings."""

    help = "Runs the worker that takes in Postfix's mail and answers its recipient questions."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            worker.run()
        except OSError as error:
            raise CommandError(f"The worker's sockets cannot be had: {error}") from error
