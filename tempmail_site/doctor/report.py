"""What the doctor says: for people and, as JSON, for programs."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator

from tempmail_site.doctor.findings import Level
from tempmail_site.doctor.runner import Result

_MARKS = {Level.OK: "ok", Level.SKIPPED: "--", Level.WARNING: "WARNING", Level.FAULT: "FAULT"}
_INDENT = " " * 10


def lines(result: Result, *, brief: bool) -> Iterator[str]:
    """Yield the lines about one check; when `brief`, none about what is well."""
    for one in result.findings:
        if brief and one.level is Level.OK:
            continue
        yield f"{_MARKS[one.level]:<8}  {result.check.id}: {one.words}"
        if one.level in (Level.WARNING, Level.FAULT):
            yield f"{_INDENT}What it means: {result.check.meaning}"
        if one.remedy:
            yield f"{_INDENT}What to do: {one.remedy}"


def summary(results: Iterable[Result]) -> str:
    """Return the last line."""
    counts = count(results)
    return (
        f"{counts[Level.FAULT]} faults, {counts[Level.WARNING]} warnings, {counts[Level.OK]} well, "
        f"{counts[Level.SKIPPED]} could not be looked at"
    )


def count(results: Iterable[Result]) -> Counter[Level]:
    """Return how many findings there are of each level."""
    return Counter(one.level for result in results for one in result.findings)


def as_json(results: Iterable[Result]) -> str:
    """Return everything as one JSON object."""
    results = list(results)
    counts = count(results)
    worst = next(level for level in reversed(Level) if counts[level] or level is Level.OK)
    entries = [
        {
            "check": result.check.id,
            "level": one.level.value,
            "words": one.words,
            "remedy": one.remedy,
            "meaning": result.check.meaning,
            "seconds": round(result.seconds, 3),
        }
        for result in results
        for one in result.findings
    ]
    totals = {level.value: counts[level] for level in Level}
    return json.dumps({"status": worst.value, "totals": totals, "findings": entries}, indent=2)
