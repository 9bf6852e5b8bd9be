"""How long a mailbox lives. All times are aware datetimes, all durations seconds."""

from datetime import datetime, timedelta

from mailboxes.rules.errors import LifetimeOutOfBounds

MINIMUM = 600
MAXIMUM = 172_800
CHOICES = (600, 3600, 21_600, 86_400, 172_800)


def check(seconds: int, maximum: int = MAXIMUM) -> int:
    """Return `seconds` if a mailbox may live that long; raise LifetimeOutOfBounds."""
    if not MINIMUM <= seconds <= maximum:
        raise LifetimeOutOfBounds
    return seconds


def extended(
    expires_at: datetime, now: datetime, seconds: int, max_expires_at: datetime
) -> datetime:
    """Return the end after an extension to `seconds` from now: never earlier than before, never past the maximum."""
    wanted = now + timedelta(seconds=seconds)
    return min(max(expires_at, wanted), max_expires_at)


def ends_at(expires_at: datetime, used_at: datetime, unused_for: timedelta | None) -> datetime:
    """Return when a mailbox last used at `used_at` ends: with its lifetime, or earlier when it stays unused."""
    return expires_at if unused_for is None else min(expires_at, used_at + unused_for)
