"""What a check of the doctor is, and what it finds."""

import enum
from collections.abc import Callable, Iterator
from dataclasses import dataclass


class Level(enum.Enum):
    """How bad it is, from nothing to what stops or endangers the service."""

    OK = "ok"
    SKIPPED = "skipped"
    WARNING = "warning"
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one look showed, in words, and what to do about it ('' where there is nothing to do)."""

    level: Level
    words: str
    remedy: str = ""


class CannotLook(Exception):
    """The check cannot be made here, for this reason; that by itself is no fault."""


Look = Callable[[], Iterator[Finding]]


@dataclass(frozen=True, slots=True)
class Check:
    """One check: `group.name`, what it means, and the function that looks. It changes nothing."""

    id: str
    meaning: str
    look: Look

    @property
    def group(self) -> str:
        """What it is about: `database`, say."""
        return self.id.partition(".")[0]


ALL: dict[str, Check] = {}


def check(id_: str, meaning: str) -> Callable[[Look], Look]:
    """Register a function as the check of this id, in the order of the calls."""

    def register(look: Look) -> Look:
        ALL[id_] = Check(id_, meaning, look)
        return look

    return register


def ok(words: str) -> Finding:
    """All is well, and this is what was seen."""
    return Finding(Level.OK, words)


def warning(words: str, remedy: str) -> Finding:
    """It works, but not as it should, or not for long."""
    return Finding(Level.WARNING, words, remedy)


def fault(words: str, remedy: str) -> Finding:
    """Something does not work, or a promise does not hold."""
    return Finding(Level.FAULT, words, remedy)
