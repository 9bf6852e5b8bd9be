"""Every number that processes count, in one place: names and units by Prometheus' convention, docs/metrics.md.

Anybody may count. It costs microseconds, waits for nobody and never raises; no label holds what comes from outside.
What is asked when it is wanted (how many mailboxes live) is in services.figures.
"""

from django.conf import settings
from prometheus_client import Metric

from mailboxes.services import metric_files, metric_kinds
from mailboxes.services.metric_kinds import CODE, Distribution, Level, Total

# By the name of a sample and its labels.
Values = dict[tuple[str, frozenset[tuple[str, str]]], float]

# Seconds. What a machine does, what a person waits for, and what Postfix's retries bring.
_FAST = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
_WEB = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_WAITING = (
    *(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0),
    *(30.0, 60.0, 300.0, 1800.0, 7200.0, 86_400.0),
)
_WORK = (0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 20.0, 40.0, 60.0)

# ---- Mail that is taken in, by the delivery worker ----

INGEST_MESSAGES = Total(
    "tempmail_ingest_messages",
    "Messages answered by the delivery worker: committed, or deferred and why.",
    result=("committed", "truncated", "database", "failed"),
)
INGEST_RECIPIENTS = Total(
    "tempmail_ingest_recipients",
    "What became of committed messages, for each recipient.",
    result=("stored", "duplicate", "gone", "operator"),
)
INGEST_BYTES = Total("tempmail_ingest_bytes", "Bytes of committed messages, as they came.")
INGEST_PARTIAL = Total(
    "tempmail_ingest_partial",
    "Committed messages that were not parsed in full: out of bounds, or the parser failed.",
)
INGEST_SECONDS = Distribution(
    "tempmail_ingest_duration_seconds",
    "From a message's arrival at the delivery worker to its commit.",
    _FAST,
)
INGEST_AGE = Distribution(
    "tempmail_ingest_age_seconds",
    "From a message's arrival in Postfix's queue to its commit.",
    _WAITING,
)
INGEST_IN_FLIGHT = Level(
    "tempmail_ingest_in_flight", "Messages that are being stored now.", "livesum"
)
RCPT = Total(
    "tempmail_smtp_recipients",
    "Answers of the policy service at RCPT.",
    result=(
        *("accepted", "unknown", "full", "foreign", "blocked"),
        *("slowed", "cut_off", "temporary"),
    ),
)
RCPT_SECONDS = Distribution(
    "tempmail_smtp_recipient_duration_seconds",
    "From Postfix's question at RCPT to our answer.",
    _FAST,
)
WORKER_DEATHS = Total(
    "tempmail_worker_deaths", "Processes of the delivery worker that ended without being told to."
)

# ---- Postfix's queue, as the delivery worker sees it ----

QUEUES = ("incoming", "active", "deferred", "hold", "corrupt")
QUEUE_MESSAGES = Level(
    "tempmail_queue_messages", "Messages in Postfix's queue.", "livemostrecent", queue=QUEUES
)
QUEUE_OLDEST = Level(
    "tempmail_queue_oldest_age_seconds",
    "Age of the oldest message in Postfix's queue; 0 when it is empty.",
    "livemostrecent",
)
QUEUE_SEEN = Level(
    "tempmail_queue_seen_timestamp_seconds",
    "When Postfix's queue was last looked at with success.",
    "livemostrecent",
)

# ---- The site and the API ----

HTTP_SECONDS = Distribution(
    "tempmail_http_request_duration_seconds",
    "Requests by the name of their route; of a stream, the time to its first byte.",
    _WEB,
    route=CODE,
    status=tuple(map(str, range(200, 600))),
)
EVENT_STREAMS = Level("tempmail_event_streams_open", "Event streams that are open.", "livesum")
CAPTCHAS = Total(
    "tempmail_captcha_verifications",
    "Solutions that were verified.",
    kind=("altcha", "recaptcha", "question"),
    result=("passed", "failed", "unavailable"),
)
LIMITED = Total(
    "tempmail_limit_refusals", "Requests refused by a limit, by the name of the limit.", limit=CODE
)
CREATED = Total(
    "tempmail_mailboxes_created", "Mailboxes given out; the service's trials of itself are in it."
)

# ---- What runs by itself ----

PURGED = Total(
    "tempmail_purged_mailboxes",
    "Mailboxes removed for good, by why.",
    reason=("expired", "unused", "closed", "operator"),
)
PURGED_MESSAGES = Total("tempmail_purged_messages", "Messages removed with their mailboxes.")
PURGED_BYTES = Total("tempmail_purged_bytes", "Bytes of messages removed with their mailboxes.")
TASK_SECONDS = Distribution(
    "tempmail_task_duration_seconds",
    "Runs of tasks of Celery, by how they ended.",
    _WORK,
    task=CODE,
    result=("success", "failure", "retry", "revoked"),
)
TASK_SUCCESS = Level(
    "tempmail_task_last_success_timestamp_seconds",
    "When a run of the task last ended well.",
    "max",
    task=CODE,
)
CANARY_RUNS = Total(
    "tempmail_canary_runs",
    "Trials of the service by itself: passed, or why they failed.",
    result=(
        *("passed", "no-mailbox", "refused", "late", "unreadable", "interrupted"),
        *("still-there", "left-behind", "still-opens", "still-accepted", "no-answer"),
    ),
)
CANARY_SECONDS = Distribution(
    "tempmail_canary_round_trip_seconds",
    "From the 250 for the service's own mail until it could be read.",
    _WAITING,
)
WEBHOOKS = Total(
    "tempmail_webhook_deliveries",
    "Attempts to tell a webhook, by how they ended.",
    result=("delivered", "rejected", "unreachable", "gone", "postponed", "dropped"),
)


def begin() -> None:
    """Count in METRICS_DIRECTORY from now on, where there is one: in every process of Django, once it is set up."""
    directory = settings.METRICS_DIRECTORY
    metric_kinds.store.use(directory if directory and directory.is_dir() else None)


def collect() -> list[Metric]:
    """Return all of it, summed over the processes, also over those that are gone. Reads a few files."""
    try:
        read = metric_files.read(metric_kinds.store.directory)
    except (OSError, RuntimeError, ValueError):  # somebody writes there who should not
        read = []
    return metric_kinds.complete(read)


def values() -> Values:
    """Return the same by name of sample and labels, without what it means."""
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for metric in collect()
        for sample in metric.samples
    }
