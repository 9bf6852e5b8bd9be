"""Numbers of each minute of the last day, in a bounded list in Redis: what the admin's charts are drawn from.

Taken once a minute by a task. Totals count since the instance started; what happened in a minute is the difference.
"""

import contextlib
import itertools
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import Error
from prometheus_client.utils import floatToGoString
from redis import Redis
from redis.exceptions import RedisError

from mailboxes import redis_clients
from mailboxes.services import figures, metrics

MINUTES = 1440
# Totals of messages that were stored within so many seconds of their arrival in Postfix's queue, by bound.
AGE_WITHIN = {bound: f"age_within_{bound:g}" for bound in metrics.INGEST_AGE.buckets[:-1]}
_KEY = "tempmail:samples"
_TIMEOUT = 2.0  # seconds

# Totals, by name: what happened since the instance started.
TOTALS = (
    "recipients_stored",  # mail put into a mailbox, a recipient each
    "recipients_duplicate",
    "recipients_gone",
    "messages_deferred",  # answered "later" by the delivery worker
    "ingest_bytes",
    "ingest_seconds",  # arrival at the worker to commit, sum
    "ingest_count",
    "age_seconds",  # arrival in Postfix's queue to commit, sum
    "age_count",
    *AGE_WITHIN.values(),
    "rcpt_accepted",  # answers at RCPT
    "rcpt_unknown",
    "rcpt_full",
    "rcpt_foreign",
    "rcpt_blocked",
    "rcpt_slowed",
    "rcpt_cut_off",
    "rcpt_temporary",
    "captcha_passed",
    "captcha_failed",
    "captcha_unavailable",
    "limited",  # refusals by a limit of the site or the API
    "created",  # mailboxes
    "purged",  # mailboxes
    "requests",  # HTTP
    "requests_failed",  # HTTP, answered 5xx
)
# As they were at that moment. One that could not be had is missing.
GAUGES = (
    "mailboxes",
    "messages",
    "bytes",
    "purge_lag",  # seconds
    "queue",  # messages
    "queue_oldest",  # seconds
    "streams",  # open event streams
)

_Labels = Mapping[str, str]


def _of(sample: str, **labels: str) -> tuple[str, Callable[[_Labels], bool]]:
    return sample, lambda found: labels.items() <= found.items()


_SUMS = {
    "recipients_stored": _of("tempmail_ingest_recipients_total", result="stored"),
    "recipients_duplicate": _of("tempmail_ingest_recipients_total", result="duplicate"),
    "recipients_gone": _of("tempmail_ingest_recipients_total", result="gone"),
    "messages_deferred": (
        "tempmail_ingest_messages_total",
        lambda labels: labels["result"] != "committed",
    ),
    "ingest_bytes": _of("tempmail_ingest_bytes_total"),
    "ingest_seconds": _of("tempmail_ingest_duration_seconds_sum"),
    "ingest_count": _of("tempmail_ingest_duration_seconds_count"),
    "age_seconds": _of("tempmail_ingest_age_seconds_sum"),
    "age_count": _of("tempmail_ingest_age_seconds_count"),
    **{
        name: _of("tempmail_ingest_age_seconds_bucket", le=floatToGoString(bound))
        for bound, name in AGE_WITHIN.items()
    },
    **{
        name: _of("tempmail_smtp_recipients_total", result=name.removeprefix("rcpt_"))
        for name in TOTALS
        if name.startswith("rcpt_")
    },
    **{
        f"captcha_{result}": _of("tempmail_captcha_verifications_total", result=result)
        for result in ("passed", "failed", "unavailable")
    },
    "limited": _of("tempmail_limit_refusals_total"),
    "created": _of("tempmail_mailboxes_created_total"),
    "purged": _of("tempmail_purged_mailboxes_total"),
    "requests": _of("tempmail_http_request_duration_seconds_count"),
    "requests_failed": (
        "tempmail_http_request_duration_seconds_count",
        lambda labels: labels["status"].startswith("5"),
    ),
}


@dataclass(frozen=True, slots=True)
class Sample:
    """The numbers of one moment, by the names above."""

    at: datetime
    values: dict[str, float]


@dataclass(frozen=True, slots=True)
class Point:
    """One value of a chart; None where it is not known."""

    at: datetime
    value: float | None


def take() -> int:
    """Append a sample and forget what is older than a day; return how many there are, 0 while Redis is away."""
    values = metrics.values()
    numbers = _totals(values) | _gauges(values)
    line = json.dumps({"at": round(time.time(), 1), **numbers}, separators=(",", ":"))
    try:
        with _client().pipeline() as pipe:
            pipe.lpush(_KEY, line)
            pipe.ltrim(_KEY, 0, MINUTES - 1)
            pipe.expire(_KEY, MINUTES * 60)
            pipe.llen(_KEY)
            return int(pipe.execute()[-1])
    except (RedisError, OSError):
        return 0


def last(minutes: int = 60) -> list[Sample]:
    """Return the samples of the last minutes, the oldest first; none while Redis is away."""
    try:
        lines = _client().lrange(_KEY, 0, min(minutes, MINUTES) - 1)
    except (RedisError, OSError):
        return []
    since = time.time() - 60 * minutes
    return [one for one in map(_read, reversed(lines)) if one.at.timestamp() >= since]


def levels(samples: Sequence[Sample], name: str) -> list[Point]:
    """Return a gauge over time, one point a sample."""
    return [Point(one.at, one.values.get(name)) for one in samples]


def per_minute(samples: Sequence[Sample], *names: str) -> list[Point]:
    """Return how much totals grew, together, per minute: one point less than there are samples.

    A restart sets totals back to nothing: then all that there is has come since.
    """
    points = []
    for before, after in itertools.pairwise(samples):
        minutes = max((after.at - before.at).total_seconds(), 1.0) / 60
        points.append(Point(after.at, sum(_grown(before, after, each) for each in names) / minutes))
    return points


def means(samples: Sequence[Sample], total: str, count: str) -> list[Point]:
    """Return the mean of what came between two samples: of `age_seconds` by `age_count`, say."""
    return [
        Point(after.at, _grown(before, after, total) / number if number else None)
        for before, after in itertools.pairwise(samples)
        for number in [_grown(before, after, count)]
    ]


def age_quantiles(samples: Sequence[Sample], share: float) -> list[Point]:
    """Return the seconds from queue to commit within which this share of the mail between two samples was stored."""
    return [
        Point(after.at, _age_quantile(before, after, share))
        for before, after in itertools.pairwise(samples)
    ]


def _age_quantile(before: Sample, after: Sample, share: float) -> float | None:
    wanted = share * _grown(before, after, "age_count")
    if not wanted:
        return None
    low = reached = 0.0
    for bound, name in AGE_WITHIN.items():
        if (within := _grown(before, after, name)) >= wanted:
            # as histogram_quantile() of Prometheus does: evenly spread within the bucket
            return low + (bound - low) * (wanted - reached) / (within - reached)
        low, reached = bound, within
    return low


def _grown(before: Sample, after: Sample, name: str) -> float:
    old, new = before.values.get(name, 0.0), after.values.get(name, 0.0)
    return new - old if new >= old else new


def _totals(values: metrics.Values) -> dict[str, float]:
    sums = dict.fromkeys(TOTALS, 0.0)
    for (sample, labels), value in values.items():
        for name, (wanted, condition) in _SUMS.items():
            if sample == wanted and condition(dict(labels)):
                sums[name] += value
    return {name: round(value, 6) for name, value in sums.items()}


def _gauges(values: metrics.Values) -> dict[str, float]:
    found: dict[str, float] = {
        "streams": values.get(("tempmail_event_streams_open", frozenset()), 0)
    }
    if queue := figures.queue_of(values):
        found |= {"queue": queue.depth, "queue_oldest": round(queue.oldest, 1)}
    with contextlib.suppress(Error):
        stored = figures.stored()
        found |= {
            "mailboxes": stored.mailboxes,
            "messages": stored.messages,
            "bytes": stored.bytes,
            "purge_lag": round(figures.overdue().lag, 1),
        }
    return found


def _read(line: bytes | str) -> Sample:
    values = json.loads(line)
    return Sample(datetime.fromtimestamp(values.pop("at"), UTC), values)


def _client() -> Redis:
    return redis_clients.client(_TIMEOUT)
