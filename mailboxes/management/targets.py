"""What commands of operators share: values that may come from standard input, and errors that echo none of them."""

import sys

from django.core.management.base import CommandError

from mailboxes.rules import errors

NOT_FOUND = 3  # exit status


def value_of(text: str) -> str:
    """Return `text`, or for `-` one line from standard input: so that it stands in no shell's history."""
    return sys.stdin.readline().strip() if text == "-" else text


def complaint(error: errors.TempmailError) -> CommandError:
    """Return what a command says of an error. The titles hold nothing of what was typed in."""
    status = NOT_FOUND if isinstance(error, errors.NotFound) else 1
    return CommandError(f"{error.title}.", returncode=status)
