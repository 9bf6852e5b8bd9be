"""`manage.py doctor`: checks the whole installation, and says what to fix. Changes nothing."""

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from tempmail_site.doctor import checks, findings, report, runner
from tempmail_site.doctor.findings import Level

WELL, WARNINGS, FAULTS, USAGE = 0, 1, 2, 64


class Command(BaseCommand):
    """Exit status: 0 well, 1 warnings (with --strict), 2 faults."""

    help = "Checks settings, database, Redis, worker, Postfix, tasks, permissions, DNS, time, disk, certificates."
    requires_system_checks = []  # they are among what is checked

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take what to check, and how to say it."""
        parser.add_argument("only", nargs="*", metavar="CHECK", help="a group, or group.name")
        parser.add_argument("--json", action="store_true", dest="as_json", help="for programs")
        parser.add_argument("--strict", action="store_true", help="exit with 1 for warnings")
        parser.add_argument("--brief", action="store_true", help="say nothing of what is well")
        parser.add_argument("--list", action="store_true", dest="listed", help="name the checks")

    def handle(self, *args: Any, **options: Any) -> None:
        """Check, say, and exit."""
        checks.load()
        if options["listed"]:
            self.stdout.writelines(f"{each.id}: {each.meaning}\n" for each in findings.ALL.values())
            return
        try:
            chosen = runner.chosen(options["only"])
        except KeyError as error:
            raise CommandError(f"no such check: {error.args[0]}", returncode=USAGE) from None
        results = []
        for result in runner.run(chosen):
            results.append(result)
            if not options["as_json"]:
                self._say(report.lines(result, brief=options["brief"]))
        self._say([report.as_json(results) if options["as_json"] else report.summary(results)])
        if status := _status(results, strict=options["strict"]):
            sys.exit(status)

    def _say(self, lines: Any) -> None:
        for line in lines:
            self.stdout.write(line)
        self.stdout.flush()


def _status(results: list[runner.Result], *, strict: bool) -> int:
    counts = report.count(results)
    if counts[Level.FAULT]:
        return FAULTS
    return WARNINGS if strict and counts[Level.WARNING] else WELL
