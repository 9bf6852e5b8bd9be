"""Times in words. Durations are in seconds."""

from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

MINUTE, HOUR, DAY = 60, 3600, 86_400


def duration(seconds: int) -> str:
    """Return a round duration: "10 minutes", "6 hours"."""
    if seconds < HOUR:
        return _minutes(seconds // MINUTE)
    return _hours(seconds // HOUR)


def period(seconds: int) -> str:
    """Return how long something is kept, rounded up: "10 minutes", "24 hours", "14 days"."""
    if seconds <= 2 * DAY:
        minutes = -(-seconds // MINUTE)
        return duration(minutes * MINUTE) if minutes < 60 else _hours(-(-minutes // 60))
    days = -(-seconds // DAY)
    return ngettext("%(count)d day", "%(count)d days", days) % {"count": days}


def left(until: datetime, now: datetime) -> str:
    """Return how long it is from `now` to `until`: "47 minutes", "5 hours 12 minutes"."""
    seconds = max(0, int((until - now).total_seconds()))
    if seconds < MINUTE:
        return _("less than a minute")
    hours, minutes = seconds // HOUR, seconds % HOUR // MINUTE
    return " ".join(([_hours(hours)] if hours else []) + ([_minutes(minutes)] if minutes else []))


def age(then: datetime, now: datetime) -> str:
    """Return how long ago `then` was, short: "now", "5 min", "3 h"."""
    seconds = max(0, int((now - then).total_seconds()))
    if seconds < MINUTE:
        return _("just now")
    if seconds < HOUR:
        return _("%(count)d min ago") % {"count": seconds // MINUTE}
    return _("%(count)d h ago") % {"count": seconds // HOUR}


def _hours(count: int) -> str:
    return ngettext("%(count)d hour", "%(count)d hours", count) % {"count": count}


def _minutes(count: int) -> str:
    return ngettext("%(count)d minute", "%(count)d minutes", count) % {"count": count}
