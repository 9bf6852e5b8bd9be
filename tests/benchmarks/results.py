"""What is measured against a goal, and the file of results: var/bench/results.json."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tests.benchmarks import figures

Op = Literal["<=", ">="]
DIGITS = 4  # significant; the measurements carry fewer


@dataclass(frozen=True, slots=True)
class Goal:
    """What a number should be. `floor`, if any, is the least that is acceptable, on the same side as the goal."""

    name: str
    what: str
    op: Op
    floor: float | None
    goal: float
    unit: str = "ratio"

    def is_met(self, value: float, bound: float) -> bool:
        """Return whether a value is on the right side of a bound, or on it."""
        return value <= bound if self.op == "<=" else value >= bound


@dataclass(frozen=True, slots=True)
class Result:
    """A goal with its measurements, one a round; without any it could not be measured, for the reason in `error`."""

    goal: Goal
    values: tuple[float, ...]
    error: str = ""

    @property
    def value(self) -> float | None:
        """The median, or None."""
        return figures.spread(self.values).median if self.values else None

    @property
    def passed(self) -> bool:
        """Whether the goal is met."""
        return self.value is not None and self.goal.is_met(self.value, self.goal.goal)

    @property
    def is_acceptable(self) -> bool:
        """Whether the floor is met; nothing is asked for where there is none."""
        floor = self.goal.floor
        return self.value is not None and (floor is None or self.goal.is_met(self.value, floor))

    def entry(self) -> dict[str, object]:
        """Return the entry of results.json."""
        spread = figures.spread(self.values) if self.values else None
        entry: dict[str, object] = {
            "name": self.goal.name,
            "value": rounded(self.value),
            "goal": self.goal.goal,
            "op": self.goal.op,
            "pass": self.passed,
            "median": rounded(spread.median if spread else None),
            "min": rounded(spread.min if spread else None),
            "max": rounded(spread.max if spread else None),
            "floor": self.goal.floor,
            "unit": self.goal.unit,
            "rounds": len(self.values),
        }
        return entry | ({"error": self.error} if self.error else {})


def rounded(value: float | None) -> float | None:
    """Return the value with DIGITS significant digits."""
    if value is None or value == 0 or not math.isfinite(value):
        return None if value is None or not math.isfinite(value) else 0.0
    return round(value, DIGITS - 1 - math.floor(math.log10(abs(value))))


def write(results: Sequence[Result], path: Path) -> None:
    """Write results.json; readers see the old or the new file, never half of one. Raises OSError."""
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps([result.entry() for result in results], indent=2) + "\n")
    fresh.replace(path)
