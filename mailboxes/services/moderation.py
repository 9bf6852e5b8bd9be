"""What operators do to a mailbox that they cannot read: freeze it, unfreeze it, end it; and deciding reports."""

from django.db import transaction

from mailboxes import live
from mailboxes.models.abuse import AbuseReport, ModerationRecord
from mailboxes.models.mailboxes import Mailbox
from mailboxes.models.records import PurgeRecord
from mailboxes.rules import addresses
from mailboxes.rules.errors import NotFound
from mailboxes.services import abuse, audit, clock, ending, keys

Act = ModerationRecord.Act


def by_address(address: str) -> Mailbox:
    """Return the living mailbox of an address. Raises InvalidAddress, and NotFound: never issued, or ended."""
    return _living(address_digest=keys.address_digest(addresses.parse(address)))


def by_public_id(public_id: str) -> Mailbox:
    """Return the living mailbox of a public id. Raises NotFound."""
    return _living(public_id=public_id)


def by_report(reference: str) -> Mailbox:
    """Return the living mailbox that a report is about. Raises NotFound: no such report, no address in it, ended."""
    digest = abuse.find(reference).address_digest
    if digest is None:
        raise NotFound
    return _living(address_digest=bytes(digest))


def freeze(mailbox: Mailbox, *, reason: str, actor: str = "") -> bool:
    """Freeze a mailbox: it gets no mail, and its owner can neither read nor delete; return whether it was not frozen.

    What was accepted before is still stored. Its time runs on. Raises NotFound when it has ended meanwhile.
    """
    return _set_frozen(mailbox, True, reason, actor)


def unfreeze(mailbox: Mailbox, *, reason: str = "", actor: str = "") -> bool:
    """Give a frozen mailbox back to its owner; return whether it was frozen. Raises NotFound."""
    return _set_frozen(mailbox, False, reason, actor)


def end(mailbox: Mailbox, *, reason: str, actor: str = "") -> None:
    """End a mailbox now, frozen or not: it and its mail are gone when this returns."""
    audit.record(Act.END, mailbox.public_id, reason=reason, actor=actor)
    ending.end(mailbox, PurgeRecord.Reason.OPERATOR)


@transaction.atomic
def decide(reference: str, decision: str, *, reason: str = "", actor: str = "") -> AbuseReport:
    """Close a report with a decision, which whoever holds its reference may read; again is to decide anew.

    Raises NotFound, and ValueError for what is no decision.
    """
    report = abuse.find(reference)
    report.decision = AbuseReport.Decision(decision)
    report.state, report.decided_at = AbuseReport.State.CLOSED, clock.now()
    report.save(update_fields=("decision", "state", "decided_at"))
    audit.record(Act.DECIDE, report.reference, reason=reason, actor=actor)
    return report


@transaction.atomic
def _set_frozen(mailbox: Mailbox, frozen: bool, reason: str, actor: str) -> bool:
    row = Mailbox.objects.live().select_for_update().filter(pk=mailbox.pk).first()
    if row is None:
        raise NotFound
    if frozen == (row.frozen_at is not None):
        return False
    mailbox.frozen_at = row.frozen_at = clock.now() if frozen else None
    row.save(update_fields=("frozen_at",))
    audit.record(Act.FREEZE if frozen else Act.UNFREEZE, row.public_id, reason=reason, actor=actor)
    # Open pages and waiting calls look again, and find it frozen.
    transaction.on_commit(lambda: live.publish(row.public_id, live.FROZEN))
    return True


def _living(**which: bytes | str) -> Mailbox:
    mailbox = Mailbox.objects.live().filter(**which).first()
    if mailbox is None:
        raise NotFound
    return mailbox
