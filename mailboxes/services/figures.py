"""How the service stands now, in numbers: for /metrics, for the samples of each minute, and for the admin's dashboard.

Each figure costs one query, is kept for some seconds in this process, and longer where it was slow: at most a twentieth
of a process's time goes into asking. Nothing here names a mailbox, an address, a sender or a client.
"""

import json
import logging
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

from django.conf import settings
from django.db import Error, connection
from django.db.models import Count, Min, Sum
from redis.exceptions import RedisError

from mailboxes import live
from mailboxes.models.mailboxes import Mailbox
from mailboxes.models.records import CanaryRun
from mailboxes.services import clock, metrics, replica

logger = logging.getLogger(__name__)
T = TypeVar("T")

KEPT_SECONDS = 10.0
SHARE = 20
QUEUE_SECONDS = 300.0  # after which the worker's last look at the queue says nothing
_PATIENCE = 2.0  # seconds
MAIL_COUNTS = (
    "mail-counts.json"  # in DATA_DIR; postfix.log_counts writes it, which may not be imported here
)


@dataclass(frozen=True, slots=True)
class Stored:
    """What lives: mailboxes, the messages in them, and the bytes of those as they came."""

    mailboxes: int
    messages: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Overdue:
    """What should have been purged by now; `lag` is how long the oldest is over, in seconds (0: nothing is)."""

    mailboxes: int
    lag: float


@dataclass(frozen=True, slots=True)
class Queue:
    """Postfix's queue, as the delivery worker last saw it. `oldest` is the age of the oldest message in seconds."""

    messages: dict[str, int]  # by queue: incoming, active, deferred, hold, corrupt
    oldest: float

    @property
    def depth(self) -> int:
        """How many messages wait in all."""
        return sum(self.messages.values())


@dataclass(frozen=True, slots=True)
class OfDomain:
    """What lives on one of our domains."""

    name: str
    mailboxes: int
    messages: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Canary:
    """The service's trials of itself. Seconds; None where none has passed within the last two days."""

    last_passed_at: datetime | None
    round_trip: float | None


@dataclass(frozen=True, slots=True)
class Probe:
    """Whether a server answered, and after how many seconds."""

    is_up: bool
    seconds: float


def kept(seconds: float) -> Callable[[Callable[..., T]], Callable[..., T]]:
    """Keep what a function returns for so many seconds, and for SHARE times as long as it took; by its arguments.

    Who asks while it is being asked waits for that answer. What it raises is not kept.
    """

    def decorate(function: Callable[..., T]) -> Callable[..., T]:
        lock = threading.Lock()
        answers: dict[Any, tuple[float, T]] = {}

        @wraps(function)
        def ask(*arguments: Any) -> T:
            with lock:
                until, answer = answers.get(arguments, (0.0, None))
                began = time.monotonic()
                if began < until:
                    return answer  # type: ignore[return-value]
                fresh = function(*arguments)
                now = time.monotonic()
                answers[arguments] = now + max(seconds, SHARE * (now - began)), fresh
                return fresh

        _forgetting.append(answers.clear)
        return ask

    return decorate


_forgetting: list[Callable[[], None]] = []


def forget() -> None:
    """Ask anew for everything; for tests."""
    for clear in _forgetting:
        clear()


@kept(KEPT_SECONDS)
def stored() -> Stored:
    """Return what lives. One query, of a replica if there is one. Raises django.db.Error."""
    return replica.ask(_stored)


def _stored(database: str) -> Stored:
    sums = (
        Mailbox.objects.using(database)
        .live()
        .aggregate(mailboxes=Count("pk"), messages=Sum("message_count"), bytes=Sum("stored_bytes"))
    )
    return Stored(**{name: int(value or 0) for name, value in sums.items()})


@kept(KEPT_SECONDS)
def overdue() -> Overdue:
    """Return what the purge is behind with. One query, by an index, and the time. Raises django.db.Error."""
    found = Mailbox.objects.ended().aggregate(count=Count("pk"), oldest=Min("ends_at"))
    if not found["count"]:
        return Overdue(0, 0.0)
    # A large mailbox is ended "when it was created" while its parts are removed, so this may be more than it is.
    return Overdue(found["count"], max(0.0, (clock.now() - found["oldest"]).total_seconds()))


@kept(3 * KEPT_SECONDS)
def top_domains(count: int = 10) -> list[OfDomain]:
    """Return the domains with most living mailboxes. One query, of a replica if any. Raises django.db.Error."""
    return replica.ask(lambda database: _top_domains(database, count))


def _top_domains(database: str, count: int) -> list[OfDomain]:
    rows = (
        Mailbox.objects.using(database)
        .live()
        .values_list("domain__name")
        .annotate(number=Count("pk"), count=Sum("message_count"), size=Sum("stored_bytes"))
        .order_by("-number", "domain__name")
    )
    return [OfDomain(*row) for row in rows[:count]]


@kept(KEPT_SECONDS)
def canary() -> Canary:
    """Return the last trial whose mail came. One query. Raises django.db.Error."""
    since = clock.now() - timedelta(days=2)
    runs = CanaryRun.objects.filter(started_at__gt=since, delivery_ms__isnull=False)
    runs = runs.exclude(state=CanaryRun.State.FAILED)
    last = runs.order_by("-started_at").values_list("started_at", "delivery_ms").first()
    return Canary(last[0], (last[1] or 0) / 1000) if last else Canary(None, None)


@kept(6 * KEPT_SECONDS)
def database_bytes() -> int | None:
    """Return how large the database is on the disk. One query. Raises django.db.Error."""
    question = "SELECT pg_database_size(current_database())"
    if connection.vendor == "sqlite":
        question = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"
    with connection.cursor() as cursor:
        cursor.execute(question)
        row = cursor.fetchone()
    return int(row[0]) if row else None


def queue() -> Queue | None:
    """Return Postfix's queue; None where nobody could look at it within the last minutes. No query."""
    return queue_of(metrics.values())


def queue_of(values: metrics.Values) -> Queue | None:
    """Return the same from numbers that were read already."""
    seen = values.get(("tempmail_queue_seen_timestamp_seconds", frozenset()), 0.0)
    if time.time() - seen > QUEUE_SECONDS:
        return None
    messages = {
        name: int(values.get(("tempmail_queue_messages", frozenset({("queue", name)})), 0))
        for name in metrics.QUEUES
    }
    return Queue(messages, values.get(("tempmail_queue_oldest_age_seconds", frozenset()), 0.0))


def mail_counts() -> dict[str, int]:
    """Return the sums of Postfix's log, by the names of postfix.log_counts (docs/logs.md). No query.

    They are added to every five minutes, when that log is thrown away.
    """
    try:
        found = json.loads(_mail_counts_file().read_text(encoding="ascii"))
    except (OSError, ValueError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {name: value for name, value in found.items() if isinstance(value, int)}


def mail_counts_at() -> datetime | None:
    """Return when Postfix's log was last counted; None where it never was."""
    try:
        return datetime.fromtimestamp(_mail_counts_file().stat().st_mtime, UTC)
    except OSError:
        return None


def rejects() -> dict[str, int]:
    """Return recipients and messages refused at SMTP since the sums began, by reason, from `mail_counts`."""
    found: Counter[str] = Counter()
    for name, value in mail_counts().items():
        kind, _, rest = name.partition(":")
        if kind == "rejected":
            found[rest.partition(":")[0]] += value
    return dict(found)


class _Asker:
    """Asks the database in a thread: one that hangs, which no time-out of a driver ends, holds up nobody else."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._failed = False

    def __call__(self) -> bool:
        """Whether it answers within _PATIENCE."""
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._ask, name="probe", daemon=True)
                self._thread.start()
            self._thread.join(_PATIENCE)
            return not (self._thread.is_alive() or self._failed)

    def _ask(self) -> None:
        self._failed = True
        try:
            _ask_database()
            self._failed = False
        except Error:
            pass
        finally:
            connection.close()


_asker = _Asker()


def database() -> Probe:
    """Ask the database for nothing; one that does not answer within seconds is down. Never raises."""
    began = time.monotonic()
    return Probe(_asker(), time.monotonic() - began)


def redis() -> Probe:
    """Ask Redis for nothing. Never raises."""
    began = time.monotonic()
    try:
        live.ping()
    except (RedisError, OSError):
        return Probe(False, time.monotonic() - began)
    return Probe(True, time.monotonic() - began)


def _ask_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _mail_counts_file() -> Path:
    return Path(settings.DATA_DIR) / MAIL_COUNTS
