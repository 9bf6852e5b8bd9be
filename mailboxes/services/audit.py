"""The record of what operators did, Django's own of accounts included. It names ids, never an address."""

from datetime import timedelta

from django.contrib.admin.models import LogEntry

from mailboxes.models.abuse import ModerationRecord
from mailboxes.rules import strings
from mailboxes.services import clock

RECORD_DAYS = 90
REASON_LENGTH = 200


def record(
    act: ModerationRecord.Act, subject: str = "", *, reason: str = "", actor: str = ""
) -> None:
    """Note an act, in the transaction of the act itself."""
    ModerationRecord.objects.create(
        at=clock.now(), act=act, subject=subject, reason=words(reason), actor=actor
    )


def record_once(act: ModerationRecord.Act, subject: str, *, actor: str) -> None:
    """Note an act unless this operator's doing it to this is on record: for what is done by looking."""
    if not ModerationRecord.objects.filter(act=act, subject=subject, actor=actor).exists():
        record(act, subject, actor=actor)


def words(reason: str) -> str:
    """Return an operator's words as they are kept: one line, 200 characters."""
    return strings.line(reason, REASON_LENGTH)


def purge() -> int:
    """Remove records past their retention; return how many."""
    oldest = clock.now() - timedelta(days=RECORD_DAYS)
    accounts = LogEntry.objects.filter(action_time__lte=oldest).delete()[0]
    return accounts + ModerationRecord.objects.filter(at__lte=oldest).delete()[0]
