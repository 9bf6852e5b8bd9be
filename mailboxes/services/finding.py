"""What an operator finds by a text typed in: an address, a public id, a report's reference, whatever can be blocked."""

from dataclasses import dataclass

from mailboxes.models.abuse import AbuseReport, Block, ModerationRecord
from mailboxes.models.mailboxes import IssuedAddress, Mailbox
from mailboxes.rules import addresses
from mailboxes.rules.errors import InvalidAddress, NotFound, TempmailError, Unavailable
from mailboxes.services import abuse, audit, blocks, domains, keys, moderation, timeline

LONGEST = 400


@dataclass(frozen=True, slots=True)
class Found:
    """What there is of a text. `is_ours`: an address that one of our domains takes; `was_issued`: now or before."""

    is_address: bool
    is_ours: bool
    was_issued: bool
    mailbox: Mailbox | None
    report: AbuseReport | None
    blocks: list[Block]
    timeline: list[timeline.Entry] | None  # None: nobody can tell right now

    @property
    def is_nothing(self) -> bool:
        """Tell whether nothing is known of it."""
        return not (self.is_address or self.mailbox or self.report or self.blocks)


def find(text: str, *, actor: str) -> Found:
    """Find exactly this text. What was looked up is recorded by what was found, never by what was typed in."""
    text = text.strip()[:LONGEST]
    address = _address(text)
    mailbox, report = _mailbox(text, address), _report(text)
    found = Found(
        is_address=address is not None,
        is_ours=address is not None and domains.find(address) is not None,
        was_issued=address is not None and _was_issued(address),
        mailbox=mailbox,
        report=report,
        blocks=_blocks(text),
        timeline=_timeline(address),
    )
    subject = mailbox.public_id if mailbox else report.reference if report else ""
    audit.record(ModerationRecord.Act.FIND, subject, actor=actor)
    return found


def _address(text: str) -> addresses.Address | None:
    try:
        return addresses.parse(text) if "@" in text else None
    except InvalidAddress:
        return None


def _timeline(address: addresses.Address | None) -> list[timeline.Entry] | None:
    try:
        return timeline.of_digest(keys.address_digest(address)) if address else []
    except Unavailable:
        return None


def _was_issued(address: addresses.Address) -> bool:
    return IssuedAddress.objects.filter(digest=keys.address_digest(address)).exists()


def _mailbox(text: str, address: addresses.Address | None) -> Mailbox | None:
    try:
        return moderation.by_address(text) if address else moderation.by_public_id(text[:16])
    except NotFound:
        return None


def _report(text: str) -> AbuseReport | None:
    try:
        return abuse.find(text)
    except NotFound:
        return None


def _blocks(text: str) -> list[Block]:
    """Return the blocks of exactly this value, of whatever kind it can be."""
    found = []
    for kind in Block.Kind:
        try:
            block = blocks.find(kind, text)
        except TempmailError:
            continue
        if block:
            found.append(block)
    return found
