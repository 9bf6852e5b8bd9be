"""Lines over time as paths of an SVG: drawn here, so that a page needs neither a script nor anybody else."""

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from mailboxes.services.samples import Point

WIDTH, HEIGHT = 600, 120
_POINTS = 180  # more cannot be told apart
_GAP = 180.0  # seconds without a sample: nothing is drawn across more
_LINES = 6  # series that have a colour

Words = Callable[[float], str]
Places = list[tuple[float, float]]
Series = tuple[str, Sequence[Point]]


@dataclass(frozen=True, slots=True)
class Line:
    """One series: `path` of the line, `area` below it, its last and highest value in words ("" for none)."""

    name: str
    path: str
    area: str
    last: str
    highest: str


@dataclass(frozen=True, slots=True)
class Chart:
    """What a template draws. `top` is the value of the upper edge; no `lines` where nothing is known."""

    name: str
    top: str
    since: datetime | None
    until: datetime | None
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class _Frame:
    """Where a time and a value are in the picture."""

    since: datetime
    seconds: float
    top: float

    def place(self, point: Point, value: float) -> tuple[float, float]:
        """Return x and y, the origin above on the left."""
        x = WIDTH * (point.at - self.since).total_seconds() / self.seconds
        return x, HEIGHT - HEIGHT * value / self.top


def draw(name: str, words: Words, series: Sequence[Series]) -> Chart:
    """Draw series of the same times. Of several, those that are nothing throughout are left out."""
    thinned = [(title, _thinned(points)) for title, points in series]
    shown = [each for each in thinned if any(point.value for point in each[1])] or thinned[:1]
    values = [point.value for _, points in shown for point in points if point.value is not None]
    if not values:
        return Chart(name, "", None, None, ())
    times = [point.at for _, points in shown for point in points]
    since, until = min(times), max(times)
    top = _round_up(max(values))
    frame = _Frame(since, max((until - since).total_seconds(), 1.0), top)
    lines = tuple(_line(title, points, frame, words) for title, points in shown[:_LINES])
    return Chart(name, words(top), since, until, lines)


def _thinned(points: Sequence[Point]) -> list[Point]:
    """Return at most so many points, each the mean of those that it stands for."""
    size = max(1, math.ceil(len(points) / _POINTS))
    groups = [points[at : at + size] for at in range(0, len(points), size)]
    return [Point(group[-1].at, _mean(group)) for group in groups]


def _mean(points: Sequence[Point]) -> float | None:
    known = [point.value for point in points if point.value is not None]
    return sum(known) / len(known) if known else None


def _line(title: str, points: Sequence[Point], frame: _Frame, words: Words) -> Line:
    known = [point.value for point in points if point.value is not None]
    runs = _runs(points, frame)
    return Line(
        name=title,
        path="".join(map(_path, runs)),
        area="".join(f"{_path(run)}V{HEIGHT}H{run[0][0]:.1f}Z" for run in runs),
        last=words(known[-1]) if known else "",
        highest=words(max(known)) if known else "",
    )


def _path(run: Places) -> str:
    end = "h.1" if len(run) == 1 else ""  # a dot
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in run) + end


def _runs(points: Sequence[Point], frame: _Frame) -> list[Places]:
    """Return the stretches without a gap: what is not known is not drawn."""
    steps = [(b.at - a.at).total_seconds() for a, b in itertools.pairwise(points)]
    widest = max(_GAP, 2.5 * sorted(steps)[len(steps) // 2]) if steps else _GAP
    runs: list[Places] = [[]]
    before = None
    for point in points:
        if before and (point.at - before.at).total_seconds() > widest:
            runs.append([])
        if point.value is None:
            runs.append([])
        else:
            runs[-1].append(frame.place(point, point.value))
        before = point
    return [run for run in runs if run]


def _round_up(value: float) -> float:
    """Return the next 1, 2 or 5 times a power of ten; 1 for nothing."""
    if value <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(float(step * power) for step in (1, 2, 5, 10) if value <= step * power * 1.000001)
