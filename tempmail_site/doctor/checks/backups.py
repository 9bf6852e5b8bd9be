"""Backups: whether there is one, and of when (deploy/backup/backup.sh)."""

from collections.abc import Iterator
from datetime import UTC, datetime

from django.conf import settings
from django.db import connection

from tempmail_site.doctor import looking
from tempmail_site.doctor.findings import CannotLook, Finding, check, ok, warning

_LATE = 2 * 86_400.0  # seconds; one is made each night
_NAME = "%Y-%m-%dT%H%M%SZ"
_REMEDY = (
    "docs/operate.md, Backups; systemctl status tempmail-backup.service says why there is none."
)


@check(
    "backups.last",
    "After the loss of a disk a backup alone knows which addresses must not be given out again.",
)
def last() -> Iterator[Finding]:
    """The newest one that is complete."""
    if connection.vendor != "postgresql":
        raise CannotLook("backups are made of PostgreSQL alone")
    made = _newest()
    if made is None:
        yield warning(f"there is none in {settings.BACKUP_DIR}", _REMEDY)
        return
    age = (datetime.now(UTC) - made).total_seconds()
    words = f"the last one was made {looking.times(max(age, 0.0))} ago"
    yield warning(words, _REMEDY) if age > _LATE else ok(words)


def _newest() -> datetime | None:
    try:
        names = [path.parent.name for path in settings.BACKUP_DIR.glob("*/SHA256SUMS")]
        if settings.BACKUP_DIR.is_dir():
            next(settings.BACKUP_DIR.iterdir(), None)  # glob(3) is silent where it may not look
    except PermissionError:
        raise CannotLook(f"{settings.BACKUP_DIR} only its owner can see") from None
    times = [time for name in names if (time := _time(name))]
    return max(times, default=None)


def _time(name: str) -> datetime | None:
    try:
        return datetime.strptime(name, _NAME).replace(tzinfo=UTC)
    except ValueError:
        return None
