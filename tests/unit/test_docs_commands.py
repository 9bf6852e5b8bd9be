"""Each `manage.py` command that docs/ names exists, and takes the options that it is shown with."""

import argparse
import re
import shlex
from collections.abc import Iterator

import pytest
from django.core.management import get_commands, load_command_class

from tests import documented
from tests.documented import ROOT

PAGES = [*documented.pages(), "README.md"]
CALL = re.compile(r"(?:manage\.py|tempmail-manage) ([a-z_]+)([^`\n|>#&;]*)")


def parser_of(name: str) -> argparse.ArgumentParser:
    """The parser of a command."""
    application = get_commands()[name]
    command = load_command_class(application, name) if isinstance(application, str) else application
    return command.create_parser("manage.py", name)


def parsers(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    """A parser and those of its subcommands."""
    yield parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for each in action.choices.values():
                yield from parsers(each)


@pytest.mark.parametrize("page", PAGES)
def test_commands_are_there_with_their_options(page: str) -> None:
    for name, words in CALL.findall((ROOT / page).read_text()):
        assert name in get_commands(), name
        known = {
            option for each in parsers(parser_of(name)) for option in each._option_string_actions
        }
        given = {word.partition("=")[0] for word in _split(words) if word.startswith("--")}
        assert given <= known, (name, given - known)


def _split(words: str) -> list[str]:
    try:
        return shlex.split(words)
    except ValueError:  # a quotation mark that the text around it opened
        return words.split()
