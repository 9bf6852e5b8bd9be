"""The outbox of webhooks: written with the message in one transaction, taken from by whoever sends.

At least once: what was taken by a process that died is taken again. Nothing here sends, and no row says what is in a
message.
"""

import enum
import json
import random
import uuid
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce, Now

from mailboxes.models.mailboxes import Mailbox
from mailboxes.models.messages import Message
from mailboxes.models.webhooks import Webhook, WebhookEvent
from mailboxes.rules import sealing
from mailboxes.rules.errors import SealBroken
from mailboxes.services import clock, keys, webhook_nudge

# Seconds until the next try, less or more by a quarter.
BACKOFF = (10, 40, 160, 640, 2560)
# Of a webhook, in a row and over so long: a receiver that is only started anew gets its calls afterwards.
MOST_FAILURES = 20
FAILING_FOR = timedelta(minutes=10)
LEASE = timedelta(seconds=60)  # longer than one try can take
_POSTPONED = (30.0, 90.0)
FAILING = b"failing"  # counted like a domain


class Outcome(enum.Enum):
    """What became of a try."""

    DELIVERED = enum.auto()
    REJECTED = enum.auto()
    UNREACHABLE = enum.auto()
    GONE = enum.auto()  # 410: the receiver wants no more
    DROPPED = enum.auto()  # there is nothing to tell any more
    POSTPONED = enum.auto()  # not tried: too much for one host, or the mailbox is frozen


@dataclass(frozen=True, slots=True)
class Taken:
    """An event that is this process's to send, for a while."""

    id: uuid.UUID
    webhook_id: uuid.UUID
    counts_as: tuple[bytes, ...]  # its domain, and FAILING where the last try failed
    attempts: int  # with the one to come


@dataclass(frozen=True, slots=True)
class Due:
    """What is to be sent now, and for how many seconds that is so at the longest."""

    message_id: uuid.UUID
    received_at: datetime
    url: str
    secret: str
    seconds: float
    is_frozen: bool


def is_on() -> bool:
    """Tell whether the operator offers webhooks."""
    return bool(settings.WEBHOOKS)


def write(mailbox: Mailbox, message_id: uuid.UUID, now: datetime) -> None:
    """Note, in the transaction that stores a message, that the mailbox's webhooks are to be told of it.

    Not a statement for a mailbox without any.
    """
    if not (mailbox.webhook_count and is_on()):
        return
    rows = Webhook.objects.filter(mailbox=mailbox, disabled_at=None)
    events = [
        WebhookEvent(id=uuid.uuid4(), webhook_id=pk, message_id=message_id, due_at=now)
        for pk in rows.values_list("pk", flat=True)
    ]
    if events:
        WebhookEvent.objects.bulk_create(events)
        transaction.on_commit(webhook_nudge.nudge, robust=True)


def forget(mailbox: Mailbox, ids: Sequence[uuid.UUID] | None) -> None:
    """Forget events of these messages of a locked mailbox, or of all: they are being deleted."""
    if mailbox.webhook_count:
        rows = WebhookEvent.objects.filter(webhook__mailbox=mailbox)
        (rows if ids is None else rows.filter(message_id__in=ids)).delete()


def remove_of(mailboxes: Collection[Mailbox]) -> None:
    """Remove all webhooks of locked mailboxes that end: two statements for as many as they are, or none."""
    having = [mailbox.pk for mailbox in mailboxes if mailbox.webhook_count]
    if having:
        WebhookEvent.objects.filter(webhook__mailbox__in=having).delete()
        Webhook.objects.filter(mailbox__in=having).delete()


def is_anything_due() -> bool:
    """Tell whether something may be taken. One query that locks nothing."""
    return WebhookEvent.objects.filter(due_at__lte=Now()).exists()


def take(most: int, busy: Mapping[bytes, int], per_domain: int, failing: int) -> list[Taken]:
    """Take up to so many events that are due, so that with those in `busy` no domain has more than `per_domain`, and
    webhooks of which the last try failed no more than `failing`: these come last.

    Two that take at the same time take different ones: rows are locked and skipped on PostgreSQL, SQLite has one
    writer.
    """
    caps = defaultdict(lambda: per_domain, {FAILING: failing})
    full = [key for key, count in busy.items() if count >= caps[key]]
    with transaction.atomic():
        now = clock.now()
        rows = WebhookEvent.objects.filter(due_at__lte=now).exclude(webhook__domain_digest__in=full)
        if FAILING in full:
            rows = rows.filter(webhook__failures=0)
        candidates = rows.select_related("webhook").order_by("webhook__failures", "due_at")
        locked = candidates.select_for_update(skip_locked=True, of=("self",))[: 4 * most]
        taken = _fair(locked, most, Counter(busy), caps)
        rows = WebhookEvent.objects.filter(pk__in=[one.id for one in taken])
        rows.update(due_at=now + LEASE, attempts=F("attempts") + 1)
    return taken


def _fair(
    events: Iterable[WebhookEvent], most: int, busy: Counter[bytes], caps: Mapping[bytes, int]
) -> list[Taken]:
    taken: list[Taken] = []
    for event in events:
        domain = bytes(event.webhook.domain_digest)
        counts_as = (domain, FAILING) if event.webhook.failures else (domain,)
        if len(taken) < most and all(busy[key] < caps[key] for key in counts_as):
            busy.update(counts_as)
            taken.append(Taken(event.id, event.webhook_id, counts_as, event.attempts + 1))
    return taken


def still_due(event: Taken) -> Due | None:
    """Return what is to be sent, by one query; None when it is not any more.

    That is: its mailbox has ended, the message was deleted, the webhook removed or disabled.
    """
    message = Message.objects.filter(id=OuterRef("message_id"))
    rows = WebhookEvent.objects.filter(
        pk=event.id, webhook__disabled_at=None, webhook__mailbox__ends_at__gt=Now()
    ).annotate(received_at=Subquery(message.values("received_at")[:1]), now=Now())
    mailbox = ("webhook__mailbox__ends_at", "webhook__mailbox__frozen_at")
    columns = ("message_id", "received_at", "now", "webhook__sealed", *mailbox)
    found = rows.values_list(*columns).first()
    if found is None or found[1] is None:
        return None
    message_id, received_at, now, sealed, ends_at, frozen_at = found
    try:
        url, secret = opened(event.webhook_id, bytes(sealed))
    except SealBroken:  # the operators' key is another one now
        return None
    left = (ends_at - now).total_seconds()
    return Due(message_id, received_at, url, secret, left, frozen_at is not None)


def opened(webhook_id: uuid.UUID, sealed: bytes) -> tuple[str, str]:
    """Return URL and secret of a webhook. Raises SealBroken."""
    key = keys.operator_private_key()
    url, secret = json.loads(sealing.unseal(key, sealing.Kind.WEBHOOK, webhook_id.bytes, sealed))
    return url, secret


def settle(event: Taken, outcome: Outcome) -> None:
    """Note what became of an event that was taken: it is forgotten, or tried again later."""
    row = WebhookEvent.objects.filter(pk=event.id)
    webhook = Webhook.objects.filter(pk=event.webhook_id)
    if outcome is Outcome.DROPPED:
        row.delete()
    elif outcome is Outcome.DELIVERED:
        row.delete()
        delivered = Webhook.Result.DELIVERED
        changed = webhook.exclude(failures=0, last_result=delivered)
        changed.update(failures=0, failing_since=None, last_result=delivered)
    elif outcome is Outcome.POSTPONED:
        # Of another taker, if it was not ours any more: then the number is another one.
        mine = row.filter(attempts=event.attempts)
        later = timedelta(seconds=random.uniform(*_POSTPONED))  # noqa: S311
        mine.update(attempts=F("attempts") - 1, due_at=clock.now() + later)
    else:
        _failed(event, outcome, row, webhook)


def _failed(
    event: Taken, outcome: Outcome, row: QuerySet[WebhookEvent], webhook: QuerySet[Webhook]
) -> None:
    now = clock.now()
    answered = outcome is not Outcome.UNREACHABLE
    webhook.update(
        failures=F("failures") + 1,
        failing_since=Coalesce("failing_since", now),
        last_result=Webhook.Result.REJECTED if answered else Webhook.Result.UNREACHABLE,
    )
    if event.attempts > len(BACKOFF):
        row.delete()
    else:
        seconds = BACKOFF[event.attempts - 1] * random.uniform(0.75, 1.25)  # noqa: S311
        row.filter(attempts=event.attempts).update(due_at=now + timedelta(seconds=seconds))
    if outcome is not Outcome.GONE:
        webhook = webhook.filter(failures__gte=MOST_FAILURES, failing_since__lte=now - FAILING_FOR)
    if webhook.filter(disabled_at=None).update(disabled_at=now):
        WebhookEvent.objects.filter(webhook_id=event.webhook_id).delete()
