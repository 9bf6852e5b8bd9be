"""Pausing the creation of mailboxes. Mail for those that live goes on."""

from django.db import transaction

from mailboxes.models.abuse import ModerationRecord
from mailboxes.services import audit, blocklist, blocks, clock

Act = ModerationRecord.Act


def pause(*, reason: str = "", actor: str = "") -> bool:
    """Pause creation until it is resumed, also over a restart; return whether it was not paused before."""
    return _set(True, reason, actor)


def resume(*, reason: str = "", actor: str = "") -> bool:
    """Resume creation; return whether it was paused."""
    return _set(False, reason, actor)


def is_paused() -> bool:
    """Tell whether creation is paused, as of a few seconds ago. Costs no query of its own."""
    return blocklist.current().creation_paused


@transaction.atomic
def _set(paused: bool, reason: str, actor: str) -> bool:
    row = blocks.controls()
    if paused == (row.creation_paused_at is not None):
        return False
    row.creation_paused_at = clock.now() if paused else None
    row.save(update_fields=("creation_paused_at",))
    audit.record(Act.PAUSE if paused else Act.RESUME, reason=reason, actor=actor)
    transaction.on_commit(blocklist.forget)
    return True
