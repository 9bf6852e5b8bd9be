"""Says in words why settings cannot be read: Django could start no command then, and would show a traceback."""

import sys
import traceback
from collections.abc import Sequence

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from tempmail_site.doctor import report
from tempmail_site.doctor.findings import Check, Finding, fault
from tempmail_site.doctor.runner import Result

_FAULTS = 2  # the command's exit status
_MEANING = "No part of the service starts, and nothing else can be looked at."


def exit_if_settings_cannot_be_read(words: Sequence[str]) -> None:
    """Print the one fault, as the command would, and exit as it would."""
    try:
        _ = settings.INSTALLED_APPS
    except Exception as error:  # noqa: BLE001 - whatever a wrong value of the environment raises
        found = [_finding(error)]
        result = Result(Check("settings.readable", _MEANING, lambda: iter(found)), found, 0)
        if "--json" in words:
            print(report.as_json([result]))
        else:
            print("\n".join([*report.lines(result, brief=False), report.summary([result])]))
        sys.exit(_FAULTS)


def _finding(error: Exception) -> Finding:
    return fault(_words(error), "Correct the environment, or the file that it names.")


def _words(error: Exception) -> str:
    """Our own words; of any other exception the line of settings.py: its text may quote a part of a password."""
    if isinstance(error, ImproperlyConfigured):
        return str(error)
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.line for frame in frames if frame.filename.endswith("settings.py")]
    return f"{type(error).__name__} at: {lines[-1] if lines else 'an import'}"
