"""Markdown tables of what was measured."""

from collections.abc import Sequence

from tests.benchmarks.results import Result


def markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table with aligned columns: the first to the left, the others to the right."""
    cells = [list(head), *(list(row) for row in rows)]
    widths = [max(3, *(len(row[column]) for row in cells)) for column in range(len(head))]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    return "\n".join(_line(row, widths) for row in (cells[0], rule, *cells[1:]))


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    first = row[0].ljust(widths[0])
    rest = (cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))
    return "| " + " | ".join([first, *rest]) + " |"


def number(value: float | None) -> str:
    """Return a number with about three significant digits; a dash for none."""
    if value is None:
        return "-"
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def of_results(results: Sequence[Result]) -> str:
    """Return the table of goals: value, spread, floor and goal, and which of them is met."""
    head = ("name", "value", "min", "max", "floor", "goal", "met")
    return markdown(head, [_result_row(result) for result in results])


def _result_row(result: Result) -> tuple[str, ...]:
    entry, goal = result.entry(), result.goal
    numbers = (entry[name] for name in ("value", "min", "max"))
    texts = [number(n if isinstance(n, float) else None) for n in numbers]
    met = "goal" if result.passed else "floor" if result.is_acceptable else "no"
    met = met if result.values else "not measured"
    floor = "-" if goal.floor is None else f"{goal.op} {goal.floor:g}"
    return (goal.name, *texts, floor, f"{goal.op} {goal.goal:g}", met)
