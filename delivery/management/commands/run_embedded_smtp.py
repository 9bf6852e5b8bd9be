"""`manage.py run_embedded_smtp --port N`: an SMTP listener for machines without Postfix."""

import asyncio
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from delivery import embedded


class Command(BaseCommand):
    """Foreground; SIGTERM and SIGINT end it."""

    help = "Runs a stand-in for Postfix and the worker, for development without Postfix."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=settings.SMTP_PORT)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            asyncio.run(embedded.serve(options["host"], options["port"]))
        except OSError as error:
            raise CommandError(f"The listener cannot start: {error}") from error
