"""`manage.py pause_creation on|off|status`: whether anybody is given an address."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from mailboxes.services import pause


class Command(BaseCommand):
    help = "Pauses and resumes the creation of mailboxes. Mail for those that live goes on."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("switch", choices=("on", "off", "status"))
        parser.add_argument("--reason", default="", help="your words, for the record")

    def handle(self, *args: Any, switch: str, reason: str, **options: Any) -> None:
        if switch == "on":
            pause.pause(reason=reason)
        if switch == "off":
            pause.resume(reason=reason)
        paused = switch == "on" if switch != "status" else pause.is_paused()
        self.stdout.write("creation is paused" if paused else "creation is open")
