"""Steps of an installation: each can tell whether something is missing, and make it so. A plan takes them in order."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from deploy.server.commands import CommandFailed


class Refused(Exception):
    """It cannot go on; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Step:
    """`missing` returns what is not yet so, in words ('' when all is), and changes nothing; `make` makes it so."""

    name: str
    missing: Callable[[], str]
    make: Callable[[], None]


def carry_out(steps: Iterable[Step], say: Callable[[str], None]) -> int:
    """Take the steps in order and return how many had something to do. Raises Refused when one does not help.

    An interrupted run is carried on by the next one: what is so already is passed over.
    """
    changed = 0
    for step in steps:
        what = step.missing()
        if not what:
            continue
        changed += 1
        say(f"{step.name}: {what}")
        step.make()
        if still := step.missing():
            raise Refused(f"{step.name}: done, and still: {still}")
    return changed


def preview(steps: Sequence[Step], say: Callable[[str], None]) -> int:
    """Say what would be done, and change nothing. A step that rests on an earlier one may know no better than "all"."""
    wanted = [(step, what) for step in steps if (what := _missing(step))]
    for step, what in wanted:
        say(f"would do  {step.name}: {what}")
    return len(wanted)


def _missing(step: Step) -> str:
    try:
        return step.missing()
    except (CommandFailed, OSError, LookupError):  # what it rests on is not there yet
        return "all of it"
