"""Use of a mailbox, by mail arriving or its owner looking: each use puts off the end that comes from being unused."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import F
from django.db.models.functions import Least

from mailboxes.models.mailboxes import Mailbox
from mailboxes.rules import lifetimes

# Noted at most this often for each mailbox. Between two notes an UPDATE moves no indexed column, so that PostgreSQL
# keeps it within its page (HOT).
INTERVAL = timedelta(seconds=60)


def unused_for() -> timedelta | None:
    """Return how long a mailbox may stay unused before it ends; None for as long as its lifetime."""
    return timedelta(seconds=settings.INACTIVITY_LIFETIME) if settings.INACTIVITY_LIFETIME else None


def ends_at(expires_at: datetime, used_at: datetime) -> datetime:
    """Return when a mailbox ends that was used at `used_at` and not since."""
    return lifetimes.ends_at(expires_at, used_at, unused_for())


def longest(mailbox: Mailbox) -> timedelta:
    """Return how far off the end of a mailbox can be: what the time left is a part of."""
    lifetime = mailbox.expires_at - mailbox.created_at
    return min(lifetime, unused_for() or lifetime)


def note(mailbox: Mailbox, now: datetime) -> tuple[str, ...]:
    """Count mail arriving `now` as use, in the row as it is in memory; return the fields that are to be saved."""
    if now - mailbox.last_activity_at < INTERVAL:
        return ()
    mailbox.last_activity_at = now
    mailbox.ends_at = ends_at(mailbox.expires_at, now)
    return ("last_activity_at", "ends_at")


def write(mailbox: Mailbox, now: datetime) -> None:
    """Count a look of the owner's as use, in memory and by an UPDATE of its own."""
    if not note(mailbox, now):
        return
    unused = unused_for()
    end = F("expires_at") if unused is None else Least(F("expires_at"), now + unused)
    # Of two that look at once one writes; what has ended meanwhile, or was extended, is not overwritten.
    rows = Mailbox.objects.live().filter(pk=mailbox.pk, last_activity_at__lte=now - INTERVAL)
    rows.update(last_activity_at=now, ends_at=end)
