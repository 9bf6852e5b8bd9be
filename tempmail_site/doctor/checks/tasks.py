"""Celery: its worker answers, beat sends, tasks end well and in time."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import cast

import redis
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from mailboxes.services import heartbeats
from tempmail_site.celery import app
from tempmail_site.doctor import looking
from tempmail_site.doctor.findings import CannotLook, Finding, check, fault, ok, warning

PURGE = "mailboxes.purge_ended_mailboxes"
_GRACE = 60.0  # seconds beyond two intervals
_PING_SECONDS = 3.0
_BACKLOG = 100  # tasks
_START = "Start them: systemctl start tempmail-tasks, or `celery -A tempmail_site worker -B`."
_WELL = ("success", "ignored", "retry")


@check("tasks.worker", "Purge, canary, webhooks and clean-up run in it.")
def worker() -> Iterator[Finding]:
    """Asked over Redis, as Celery does it."""
    try:
        answers = app.control.ping(timeout=_PING_SECONDS, limit=1)
    except (OperationalError, RedisError, OSError) as error:
        raise CannotLook(f"Redis does not answer ({type(error).__name__})") from None
    if answers:
        yield ok("Celery's worker answers")
    else:
        yield fault("no worker of Celery answers: nothing is purged", _START)


@check("tasks.beat", "Beat sends each task when it is due.")
def beat() -> Iterator[Finding]:
    """By the purge, which is due each minute, and notes when it has ended."""
    allowed = _allowed(PURGE)
    last = _last(PURGE)
    if last is None and _since_start() < allowed:
        yield ok("the purge has not been due since Redis was started")
    elif last is None:
        words = "the purge has not run since Redis was started: beat or its worker is dead"
        yield fault(words, _START)
    elif (age := _age(last)) > allowed:
        words = f"the purge ended {looking.times(age)} ago: beat or its worker is dead"
        yield fault(words, _START)
    else:
        yield ok(f"the purge ended {looking.times(age)} ago, in {last.duration_ms:.0f} ms")


@check("tasks.results", "A task that fails or does not run leaves its work undone.")
def results() -> Iterator[Finding]:
    """Each task that beat sends: its last end."""
    bad = False
    for name in _scheduled():
        last, allowed = _last(name), _allowed(name)
        if last and last.result not in _WELL:
            bad = True
            words = f"{name} ended with {last.result} {looking.times(_age(last))} ago"
            yield fault(words, "tasks.log says where it failed.")
        elif name != PURGE and (_age(last) if last else _since_start()) > allowed:
            bad = True
            when = f"{looking.times(_age(last))} ago" if last else "never since Redis was started"
            yield warning(f"{name} ran last: {when}", _START)
    if not bad:
        yield ok(f"{len(_scheduled())} tasks, each in time and well")


@check("tasks.backlog", "What waits for a worker of Celery is dropped when it is due again.")
def backlog() -> Iterator[Finding]:
    """The list in Redis that workers take from."""
    try:
        with _client() as client:
            waiting = cast("int", client.llen(str(app.conf.task_default_queue)))
    except (RedisError, OSError) as error:
        raise CannotLook(f"Redis does not answer ({type(error).__name__})") from None
    if waiting > _BACKLOG:
        yield warning(f"{waiting} tasks wait", "Start more processes of Celery's worker (-c).")
    else:
        yield ok(f"{waiting} tasks wait")


def _scheduled() -> Mapping[str, float]:
    """Seconds between two runs, by task."""
    entries = app.conf.beat_schedule.values()
    return {str(entry["task"]): float(entry["schedule"]) for entry in entries}


def _allowed(task: str) -> float:
    return 2 * _scheduled()[task] + _GRACE


def _last(task: str) -> heartbeats.Heartbeat | None:
    try:
        return heartbeats.last(task)
    except (RedisError, OSError) as error:
        raise CannotLook(f"Redis does not answer ({type(error).__name__})") from None


def _age(last: heartbeats.Heartbeat) -> float:
    return max(0.0, (datetime.now(UTC) - last.at).total_seconds())


def _since_start() -> float:
    """Seconds since Redis was started: with it all notes begin."""
    try:
        with _client() as client:
            return float(client.info("server")["uptime_in_seconds"])
    except (RedisError, OSError) as error:
        raise CannotLook(f"Redis does not answer ({type(error).__name__})") from None


def _client() -> redis.Redis:
    return looking.redis_client()
