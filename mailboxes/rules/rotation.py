"""Which domain a new address is on: by weight, health, age and recent use. Pure; docs/domains.md says it in words."""

import enum
import itertools
from collections.abc import Sequence
from dataclasses import dataclass

HOUR, DAY = 3600.0, 86_400.0

# A new domain is not in every resolver's cache yet, and its absence may be (RFC 2308). The longer one is in use, the
# more sites have put it on a list: it fades to half, never to nothing.
NEW_SECONDS, NEW_SHARE = HOUR, 0.25
FADES_AFTER, FADED_AFTER, FADED_SHARE = 60 * DAY, 360 * DAY, 0.5
# How far recent use may raise or lower a chance.
MOST_CORRECTION = 4.0


class Health(enum.StrEnum):
    """What the domain doctor makes of a domain."""

    UNKNOWN = "unknown"
    GOOD = "good"
    WEAK = "weak"
    BAD = "bad"


HEALTH_SHARES = {Health.UNKNOWN: 1.0, Health.GOOD: 1.0, Health.WEAK: 0.25, Health.BAD: 0.0}


@dataclass(frozen=True, slots=True)
class Candidate:
    """A domain that may be chosen: its age in seconds, and how many addresses it was given in the last hour or so."""

    weight: int
    health: Health = Health.UNKNOWN
    age: float = FADES_AFTER
    used: int = 0


def chances(candidates: Sequence[Candidate]) -> list[float]:
    """Return the relative chance of each. All are 0 only where all weights are.

    Where no healthy domain is left, health is left out: mail that may not arrive is better than no address.
    """
    wanted = [each.weight * HEALTH_SHARES[each.health] * _share_by_age(each) for each in candidates]
    if not any(wanted):
        wanted = [each.weight * _share_by_age(each) for each in candidates]
    return _corrected(wanted, [each.used for each in candidates])


def choose(candidates: Sequence[Candidate], ticket: float) -> int | None:
    """Return the place of the one that a random number from 0 to below 1 draws; None where all weights are 0."""
    sums = list(itertools.accumulate(chances(candidates)))
    if not sums or not sums[-1]:
        return None
    drawn = ticket * sums[-1]
    return next((n for n, upto in enumerate(sums) if drawn < upto), sums.index(sums[-1]))


def _share_by_age(candidate: Candidate) -> float:
    age = candidate.age
    if age < NEW_SECONDS and candidate.health != Health.GOOD:
        return NEW_SHARE
    faded = min(max((age - FADES_AFTER) / (FADED_AFTER - FADES_AFTER), 0.0), 1.0)
    return 1.0 - faded * (1.0 - FADED_SHARE)


def _corrected(wanted: Sequence[float], used: Sequence[int]) -> list[float]:
    """Raise the chance of those that got fewer than their share of what was given out lately, and lower the others'."""
    whole, given = sum(wanted), sum(used)
    if not whole:
        return list(wanted)
    return [
        each * _correction(each / whole * given, had)
        for each, had in zip(wanted, used, strict=True)
    ]


def _correction(due: float, had: int) -> float:
    return min(max(((due + 1) / (had + 1)) ** 2, 1 / MOST_CORRECTION), MOST_CORRECTION)
