"""Reports of abuse: taken in sealed to the operators' key, and asked after by their reference. Nothing is ever sent."""

import json
import re
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from mailboxes.models.abuse import AbuseReport, ModerationRecord
from mailboxes.rules import addresses, sealing
from mailboxes.rules.errors import InvalidAddress, NotFound, Unavailable
from mailboxes.services import audit, blocks, clock, domains, keys

REPORT_DAYS = 90
MAX_OPEN_REPORTS = 10_000
_REFERENCE_LENGTH = 16  # 78 bits
_GROUP = 4
_ADDRESS = re.compile(r"[^\s<>()\[\]\",;:]{1,64}@[^\s<>()\[\]\",;:/]{1,253}")
_ADDRESSES_TRIED = 5


@dataclass(frozen=True, slots=True)
class Report:
    """What somebody reports. `about` names an address or a message in the reporter's own words."""

    kind: str
    about: str
    text: str
    contact: str = ""


@dataclass(frozen=True, slots=True)
class Status:
    """What whoever holds a reference may know of the report."""

    created_at: datetime
    is_closed: bool
    decision: str


def file(report: Report) -> str:
    """Store a report and return its reference in groups. Raises Unavailable when too many are open.

    The answer is the same whether the address exists, existed, or never did.
    """
    if AbuseReport.objects.filter(state=AbuseReport.State.OPEN).count() >= MAX_OPEN_REPORTS:
        raise Unavailable
    report_id = uuid.uuid4()
    reference = addresses.random_label(_REFERENCE_LENGTH)
    words = {"about": report.about, "text": report.text, "contact": report.contact}
    AbuseReport.objects.create(
        id=report_id,
        reference=reference,
        created_at=clock.now(),
        kind=AbuseReport.Kind(report.kind),
        address_digest=_digest_in(f"{report.about} {report.text}"),
        sealed=sealing.seal(
            keys.operator_public_key(),
            sealing.Kind.REPORT,
            report_id.bytes,
            sealing.pack(json.dumps(words).encode()),
        ),
    )
    return grouped(reference)


def status_of(reference: str) -> Status:
    """Return the state of the report with this reference, however it is spaced. Raises NotFound."""
    report = find(reference)
    return Status(report.created_at, report.state == AbuseReport.State.CLOSED, report.decision)


def find(reference: str) -> AbuseReport:
    """Return the report with this reference, however it is spaced. Raises NotFound."""
    plain = re.sub(r"[\s-]", "", reference).lower()
    report = AbuseReport.objects.filter(
        reference=plain[: _REFERENCE_LENGTH + 1], created_at__gt=_oldest()
    ).first()
    if report is None:
        raise NotFound
    return report


def read(report: AbuseReport, *, actor: str) -> Report:
    """Return what was written, for an operator; that it was read is recorded, once for each. Raises SealBroken."""
    key = keys.operator_private_key()
    opened = sealing.unseal(key, sealing.Kind.REPORT, report.id.bytes, bytes(report.sealed))
    words = json.loads(opened)
    audit.record_once(ModerationRecord.Act.READ, report.reference, actor=actor)
    return Report(report.kind, words["about"], words["text"], words["contact"])


def purge() -> int:
    """Remove reports past their retention, decided or not, ended blocks and old records; return how many."""
    reports = AbuseReport.objects.filter(created_at__lte=_oldest()).delete()[0]
    return reports + blocks.purge() + audit.purge()


def grouped(reference: str) -> str:
    """Return a reference as people read it."""
    return "-".join(reference[i : i + _GROUP] for i in range(0, len(reference), _GROUP))


def _oldest() -> datetime:
    return clock.now() - timedelta(days=REPORT_DAYS)


def _digest_in(text: str) -> bytes | None:
    """Return the digest of the first address in `text` that one of our domains could have."""
    for found in _ADDRESS.findall(text)[:_ADDRESSES_TRIED]:
        try:
            address = addresses.parse(found.rstrip(".?!'"))
        except InvalidAddress:
            continue
        if domains.find(address):
            return keys.address_digest(address)
    return None
