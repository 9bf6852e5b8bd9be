"""What was turned away before anybody said for whom: only sums, from the mail server's log before it is thrown away."""

from collections.abc import Mapping
from dataclasses import dataclass

from mailboxes.services import figures

# By the names of postfix.log_counts. The last one was asked at RCPT, for addresses that do not exist.
_TOO_BIG = ("rejected:too_big:",)
_BROKE_OFF = ("sessions:lost", "sessions:timeout")
_TOO_FAST = ("limited:", "sessions:too_many_errors")
_NO_ROOM = ("rejected:queue_full:",)
_MISUSE = ("rejected:protocol:", "rejected:too_many_recipients:")
_UNKNOWN = ("rejected:unknown:",)


@dataclass(frozen=True, slots=True)
class Totals:
    """How often, since the mail server's log was first counted; renewed every five minutes."""

    too_big: int
    broke_off: int
    too_fast: int
    no_room: int
    misuse: int
    unknown: int


def before_the_address() -> Totals:
    """Return the sums. No query."""
    counts = figures.mail_counts()
    return Totals(
        *(
            _sum(counts, beginnings)
            for beginnings in (_TOO_BIG, _BROKE_OFF, _TOO_FAST, _NO_ROOM, _MISUSE, _UNKNOWN)
        )
    )


def _sum(counts: Mapping[str, int], beginnings: tuple[str, ...]) -> int:
    return sum(number for name, number in counts.items() if name.startswith(beginnings))
