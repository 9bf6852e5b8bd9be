"""What the canary saw in the last day, in figures: for everybody to see."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from mailboxes.models.records import CanaryRun
from mailboxes.services import canary, clock, replica

HOURS = 24
_FAILURES_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Figures:
    """Of some measurements, in milliseconds."""

    count: int
    median: int
    p95: int
    worst: int


@dataclass(frozen=True, slots=True)
class Hour:
    """The runs that began within one hour, up to `until`."""

    until: datetime
    runs: int
    failed: int
    delivery: Figures | None
    purge_lag: Figures | None


@dataclass(frozen=True, slots=True)
class Status:
    """The last day. `last` is the newest run that says something; `interval` is in seconds, 0: there are no runs."""

    now: datetime
    interval: int
    runs: int
    passed: int
    failed: int
    running: int
    delivery: Figures | None
    purge_lag: Figures | None
    last: CanaryRun | None
    failures: list[CanaryRun]
    hours: list[Hour]


def last_day() -> Status:
    """Return the figures of the last day. Two queries; a few hundred rows."""
    now = clock.now()
    runs = replica.ask(lambda database: _runs_since(database, now - timedelta(hours=HOURS)))
    states = [run.state for run in runs]
    failures = [run for run in runs if run.state == CanaryRun.State.FAILED]
    return Status(
        now=now,
        interval=canary.interval(),
        runs=len(runs),
        passed=states.count(CanaryRun.State.PASSED),
        failed=len(failures),
        running=states.count(CanaryRun.State.RUNNING),
        delivery=_figures([run.delivery_ms for run in runs]),
        purge_lag=_figures([run.purge_lag_ms for run in runs]),
        last=next((run for run in runs if _says_something(run)), None),
        failures=failures[:_FAILURES_SHOWN],
        hours=_hours(runs, now),
    )


def _runs_since(database: str, since: datetime) -> list[CanaryRun]:
    runs = CanaryRun.objects.using(database).filter(started_at__gt=since)
    return list(runs.defer("sealed").order_by("-started_at"))


def _says_something(run: CanaryRun) -> bool:
    return run.delivery_ms is not None or run.state != CanaryRun.State.RUNNING


def _hours(runs: Sequence[CanaryRun], now: datetime) -> list[Hour]:
    hours = []
    for ago in reversed(range(HOURS)):
        until = now - timedelta(hours=ago)
        within = [run for run in runs if until - timedelta(hours=1) < run.started_at <= until]
        hours.append(
            Hour(
                until=until,
                runs=len(within),
                failed=sum(run.state == CanaryRun.State.FAILED for run in within),
                delivery=_figures([run.delivery_ms for run in within]),
                purge_lag=_figures([run.purge_lag_ms for run in within]),
            )
        )
    return hours


def _figures(measured: Sequence[int | None]) -> Figures | None:
    values = sorted(value for value in measured if value is not None)
    if not values:
        return None
    return Figures(
        count=len(values),
        median=round(statistics.median(values)),
        p95=values[math.ceil(0.95 * len(values)) - 1],  # nearest rank
        worst=values[-1],
    )
