"""Statistics of the benchmarks: medians, spreads, and ratios of rounds that were measured side by side."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Spread:
    """The median of some measurements, with the smallest and the largest."""

    median: float
    min: float
    max: float


def spread(values: Sequence[float]) -> Spread:
    """Return the spread of at least one value. Raises ValueError for none."""
    if not values:
        raise ValueError("nothing was measured")
    return Spread(statistics.median(values), min(values), max(values))


def ratios(ours: Sequence[float], theirs: Sequence[float]) -> list[float]:
    """Return ours / theirs, round by round.

    Two numbers of one round were measured within seconds of each other, so that a machine that gets slower in between
    changes both. Raises ValueError when there are not as many of the one as of the other, or a divisor is not positive.
    """
    if min(theirs, default=1) <= 0:
        raise ValueError("a peer's measurement is not positive")
    return [our / their for our, their in zip(ours, theirs, strict=True)]
