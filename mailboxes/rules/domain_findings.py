"""What the domain doctor says of a domain: findings, how they are written down, and the health that follows."""

import enum
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from mailboxes.rules import strings
from mailboxes.rules.rotation import Health

LONGEST_SEEN = 300  # characters of what strangers' servers answered
LONGEST_RECORD = 1000


class Check(enum.StrEnum):
    """What was looked at, in the order of the page."""

    MX = "mx"
    WILDCARD = "mx-wildcard"
    ADDRESS = "mx-address"
    REVERSE = "ptr"
    SPF = "spf"
    DMARC = "dmarc"
    MTA_STS = "mta-sts"
    TLS = "tls"
    BLOCKLIST = "blocklist"
    DELIVERY = "delivery"


class Level(enum.StrEnum):
    """How bad it is. UNKNOWN: nobody answered, or nobody was asked."""

    OK = "ok"
    ADVICE = "advice"
    WARNING = "warning"
    FAULT = "fault"
    UNKNOWN = "unknown"


# What is broken here keeps mail from arriving; what is not right there loses some of it, or has addresses refused.
_VITAL = frozenset({Check.MX, Check.WILDCARD, Check.ADDRESS, Check.DELIVERY, Check.MTA_STS})
_WEAKENS = frozenset({Check.MX, Check.WILDCARD, Check.ADDRESS, Check.BLOCKLIST})


@dataclass(frozen=True, slots=True)
class Finding:
    """One result. `code` names its words (services.domain_words); `record` is what to publish, as in a zone file."""

    check: Check
    level: Level
    code: str
    seen: str = ""
    record: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "seen", strings.line(self.seen, LONGEST_SEEN))
        object.__setattr__(self, "record", strings.block(self.record)[:LONGEST_RECORD])


def health_of(findings: Iterable[Finding]) -> Health:
    """Return what the findings make of a domain. UNKNOWN where its MX is not known and nothing else is broken."""
    known = list(findings)
    if any(each.level == Level.FAULT and each.check in _VITAL for each in known):
        return Health.BAD
    if any(each.level == Level.WARNING and each.check in _WEAKENS for each in known):
        return Health.WEAK
    unknown = any(each.check == Check.MX and each.level == Level.UNKNOWN for each in known)
    return Health.UNKNOWN if unknown or not known else Health.GOOD


def to_json(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    """Return findings as they are kept."""
    return [asdict(each) for each in findings]


def from_json(rows: Iterable[dict[str, Any]]) -> tuple[Finding, ...]:
    """Return findings that were kept; what an earlier version wrote and this one does not know is left out."""
    found = []
    for row in rows:
        try:
            check, level = Check(row["check"]), Level(row["level"])
            found.append(Finding(check, level, row["code"], row["seen"], row["record"]))
        except (KeyError, ValueError):
            continue
    return tuple(found)
