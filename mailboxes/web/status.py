"""The public status page: what the canary saw in the last day, as a page and for programs."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from mailboxes.models.records import CanaryRun
from mailboxes.services import status as figures
from mailboxes.services.status import Figures, Hour, Status
from mailboxes.web import times
from mailboxes.web.availability import needs_database

_SECONDS = 10  # that a copy may be shown for
# The chart, in units of its own.
_WIDTH, _HEIGHT, _STEP = 480, 100, 20
_LEAST = 2  # of a bar, to be seen at all


@dataclass(frozen=True, slots=True)
class Bar:
    """An hour in the chart; a height of 0 where no mail came."""

    x: int
    y: int
    height: int
    failed: bool


@dataclass(frozen=True, slots=True)
class Row:
    """An hour in the table."""

    until: datetime
    runs: int
    failed: int
    delivery: str
    purge_lag: str


@needs_database
@require_safe
@cache_control(max_age=_SECONDS, public=True)
def status(request: HttpRequest) -> HttpResponse:
    """Show how fast mail was, how late purges were, and what failed."""
    found = figures.last_day()
    hours = [hour for hour in found.hours if hour.runs]
    context = {
        "status": found,
        "every": times.duration(found.interval) if found.interval >= times.MINUTE else "",
        "delivery": _in_words(found.delivery),
        "purge_lag": _in_words(found.purge_lag),
        "last": found.last and _last(found.last, found.now),
        "failures": [(run.started_at, _reason(run.reason)) for run in found.failures],
        "bars": _bars(found.hours),
        "scale": _span(found.delivery.worst) if found.delivery else "",
        "rows": [_row(hour) for hour in reversed(hours)],
    }
    return render(request, "mailboxes/status.html", context)


@needs_database
@require_safe
@cache_control(max_age=_SECONDS, public=True)
def status_json(request: HttpRequest) -> HttpResponse:
    """The same for programs. Times are RFC 3339 in UTC, measurements milliseconds."""
    found = figures.last_day()
    response = JsonResponse(_as_data(found), json_dumps_params={"indent": 1})
    response["Access-Control-Allow-Origin"] = "*"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


def _as_data(found: Status) -> dict[str, Any]:
    last = found.last
    return {
        "at": found.now,
        "window_seconds": figures.HOURS * times.HOUR,
        "interval_seconds": found.interval,
        "runs": found.runs,
        "passed": found.passed,
        "failed": found.failed,
        "running": found.running,
        "delivery_ms": found.delivery and asdict(found.delivery),
        "purge_lag_ms": found.purge_lag and asdict(found.purge_lag),
        "last": last
        and {
            "started_at": last.started_at,
            "state": last.state,
            "reason": last.reason or None,
            "delivery_ms": last.delivery_ms,
            "purge_lag_ms": last.purge_lag_ms,
        },
    }


def _in_words(measured: Figures | None) -> dict[str, str] | None:
    if measured is None:
        return None
    return {name: _span(getattr(measured, name)) for name in ("median", "p95", "worst")}


def _last(run: CanaryRun, now: datetime) -> dict[str, Any]:
    failed = run.state == CanaryRun.State.FAILED
    return {
        "failed": failed,
        "age": times.age(run.started_at, now),
        "reason": _reason(run.reason) if failed else "",
        "delivery": "" if run.delivery_ms is None else _span(run.delivery_ms),
    }


def _bars(hours: list[Hour]) -> list[Bar]:
    """Return a bar for each hour, as high as its slowest mail is to the slowest of all."""
    slowest = max((hour.delivery.worst for hour in hours if hour.delivery), default=0) or 1
    bars = []
    for place, hour in enumerate(hours):
        worst = hour.delivery.worst if hour.delivery else 0
        height = max(_LEAST, round(worst / slowest * _HEIGHT)) if hour.delivery else 0
        bars.append(Bar(place * _STEP, _HEIGHT - height, height, hour.failed > 0))
    return bars


def _row(hour: Hour) -> Row:
    return Row(
        hour.until,
        hour.runs,
        hour.failed,
        delivery=_span(hour.delivery.worst) if hour.delivery else "",
        purge_lag=_span(hour.purge_lag.worst) if hour.purge_lag else "",
    )


def _span(milliseconds: int) -> str:
    """Return a measured time with two digits that mean something: "0.06 s", "1.2 s", "34 s", "3 min"."""
    seconds = milliseconds / 1000
    if seconds >= 2 * times.MINUTE:
        return _("%(count)d min") % {"count": round(seconds / times.MINUTE)}
    digits = 0 if seconds >= 10 else 1 if seconds >= 1 else 2
    return _("%(seconds)s s") % {"seconds": f"{seconds:.{digits}f}"}


def _reason(reason: str) -> str:
    reasons = {
        CanaryRun.Reason.NO_MAILBOX: _("No mailbox could be made."),
        CanaryRun.Reason.REFUSED: _("Our mail server did not accept the mail."),
        CanaryRun.Reason.LATE: _("The mail did not come in time."),
        CanaryRun.Reason.UNREADABLE: _("The mail came, and could not be read."),
        CanaryRun.Reason.INTERRUPTED: _("The service was stopped or restarted meanwhile."),
        CanaryRun.Reason.STILL_THERE: _("The mailbox was not purged in time."),
        CanaryRun.Reason.LEFT_BEHIND: _("Something was left after the purge."),
        CanaryRun.Reason.STILL_OPENS: _("The key still opened the mailbox after its end."),
        CanaryRun.Reason.STILL_ACCEPTED: _("Mail was not refused after the end."),
        CanaryRun.Reason.NO_ANSWER: _("Our mail server did not answer after the end."),
    }
    return reasons.get(CanaryRun.Reason(reason), "") if reason else ""
