"""`manage.py render_postfix --output DIR`: writes Postfix's configuration for this installation."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from postfix import render, site_values


class Command(BaseCommand):
    """Write main.cf, master.cf and their tables into a directory."""

    help = "Writes Postfix's configuration files for this installation into a directory."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the directory, made if missing, and single values (the fields of `postfix.render.Values`)."""
        parser.add_argument("--output", required=True, type=Path, metavar="DIR")
        parser.add_argument(
            "--set", action="append", default=[], metavar="NAME=VALUE", dest="words"
        )

    def handle(self, *args: Any, output: Path, words: list[str], **options: Any) -> None:
        """Render with the values of the settings and of the database."""
        try:
            render.write(site_values.site_values(words), output, words)
        except (OSError, ValueError) as error:
            raise CommandError(str(error)) from error
