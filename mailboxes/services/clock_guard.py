"""Whether the database's clock can be believed: what a purge removes on a wrong clock's word is gone for good.

The clock is compared with the time since boot, which nobody can set: docs/decisions/0013-purge.md.
"""

import logging
import time
from datetime import datetime, timedelta
from pathlib import Path

from django.db import OperationalError

from mailboxes.models.records import ClockReading
from mailboxes.services import clock

logger = logging.getLogger(__name__)

JUMP = timedelta(hours=1)
STEADY = timedelta(hours=6)
_TOLERANCE = timedelta(minutes=1)
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_TRUSTED, _SUSPECTED = ClockReading.Kind.TRUSTED, ClockReading.Kind.SUSPECTED


class ClockJumped(Exception):
    """The clock went forward by more than an hour in less time than that. Nothing may be purged by it."""


def now(*, is_right: bool = False) -> datetime:
    """Return the database's time for a purge to go by, and remember it; raise ClockJumped.

    With `is_right` an operator vouches for the clock.
    """
    reading = _read()
    kept = {row.kind: row for row in ClockReading.objects.all()}
    trusted, suspected = kept.get(_TRUSTED), kept.get(_SUSPECTED)
    if is_right or trusted is None or _ahead(reading, trusted) <= JUMP:
        _trust(reading)
    elif suspected is None or abs(_ahead(reading, suspected)) > _TOLERANCE:
        _keep(reading, _SUSPECTED)
        _refuse(reading, trusted)
    elif reading.uptime - suspected.uptime < STEADY.total_seconds():
        _refuse(reading, trusted)
    else:
        logger.warning("the clock has run evenly for %s since it jumped: believed again", STEADY)
        _trust(reading)
    return reading.database_time


def held_back_by() -> timedelta | None:
    """Return by how much the clock has jumped ahead of the last one that was believed; None where it has not.

    Only looks: neither notes a reading nor ends the wait.
    """
    trusted = ClockReading.objects.filter(kind=_TRUSTED).first()
    ahead = _ahead(_read(), trusted) if trusted else timedelta()
    return ahead if ahead > JUMP else None


def _ahead(reading: ClockReading, earlier: ClockReading) -> timedelta:
    """Return by how much the clock went forward more than time passed. Over a reboot none is known to have passed."""
    same_boot = reading.boot_id == earlier.boot_id
    passed = max(0.0, reading.uptime - earlier.uptime) if same_boot else 0.0
    return reading.database_time - earlier.database_time - timedelta(seconds=passed)


def _trust(reading: ClockReading) -> None:
    _keep(reading, _TRUSTED)
    ClockReading.objects.filter(kind=_SUSPECTED).delete()


def _keep(reading: ClockReading, kind: ClockReading.Kind) -> None:
    reading.kind = kind
    fields = ("database_time", "boot_id", "uptime")
    try:
        ClockReading.objects.bulk_create(
            [reading], update_conflicts=True, unique_fields=("kind",), update_fields=fields
        )
    except OperationalError:  # a full disk: making room is what matters
        logger.warning("the clock's reading could not be noted")


def _refuse(reading: ClockReading, trusted: ClockReading) -> None:
    ahead = _ahead(reading, trusted)
    logger.error(
        "nothing is purged: the clock is %s ahead (manage.py purge --clock-is-right)", ahead
    )
    raise ClockJumped


def _read() -> ClockReading:
    return ClockReading(database_time=clock.now(), boot_id=_boot_id(), uptime=_uptime())


def _uptime() -> float:
    """Seconds since boot, a suspended machine's too where the kernel counts them."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


def _boot_id() -> str:
    try:
        return _BOOT_ID.read_text("ascii").strip()
    except OSError:
        return ""
