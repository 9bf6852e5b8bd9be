"""Which domain is chosen: the rule alone, and what it makes of 300 domains over many thousand addresses."""

import random
from collections import Counter
from dataclasses import replace

import pytest

from mailboxes.rules import rotation
from mailboxes.rules.rotation import DAY, HOUR, Candidate, Health

DOMAINS = 300


def drawn(candidates: list[Candidate], count: int) -> Counter[int]:
    """Give out so many addresses, counting each as recent use; return how many each got."""
    source = random.Random(20261120)  # noqa: S311 - a simulation is to be the same each time
    now, got = list(candidates), Counter[int]()
    for _ in range(count):
        place = rotation.choose(now, source.random())
        assert place is not None
        got[place] += 1
        now[place] = replace(now[place], used=now[place].used + 1)
    return got


def share(first: Candidate, second: Candidate) -> float:
    """How much likelier the first is than the second."""
    one, other = rotation.chances([first, second])
    return one / other


def test_weight_is_the_relative_chance() -> None:
    assert share(Candidate(6), Candidate(2)) == 3


def test_weight_0_is_never_chosen() -> None:
    assert rotation.chances([Candidate(0), Candidate(1)])[0] == 0
    assert rotation.choose([Candidate(0)], 0.0) is None
    assert rotation.choose([], 0.5) is None


def test_where_mail_does_not_arrive_nobody_gets_an_address_unless_it_is_so_everywhere() -> None:
    bad = Candidate(1, Health.BAD)
    assert rotation.chances([bad, Candidate(1)])[0] == 0
    assert rotation.chances([bad, Candidate(0)]) == [1, 0]
    assert rotation.chances([bad, replace(bad, weight=2)]) == [1, 2]


def test_a_weak_domain_is_chosen_seldom_and_an_unknown_one_as_a_good_one() -> None:
    good = Candidate(1, Health.GOOD)
    assert share(good, Candidate(1, Health.WEAK)) == 4
    assert share(good, Candidate(1, Health.UNKNOWN)) == 1


def test_a_new_domain_is_spared_until_the_doctor_finds_it_good_or_an_hour_is_over() -> None:
    assert share(Candidate(1), Candidate(1, age=60)) == 4
    assert share(Candidate(1), Candidate(1, Health.GOOD, age=60)) == 1
    assert share(Candidate(1), Candidate(1, age=HOUR)) == 1


def test_an_old_domain_fades_to_half_and_no_further() -> None:
    full = Candidate(1, age=60 * DAY)
    assert share(Candidate(1, age=210 * DAY), full) == 0.75
    assert (
        share(Candidate(1, age=360 * DAY), full) == share(Candidate(1, age=4000 * DAY), full) == 0.5
    )
    assert share(Candidate(1, age=-5), full) == 0.25  # a clock that was set back


def test_one_that_was_used_more_than_its_share_waits_for_the_others() -> None:
    assert share(Candidate(1, used=0), Candidate(1, used=9)) > 10
    assert share(Candidate(1, used=5), Candidate(1, used=5)) == 1
    assert share(Candidate(9, used=9), Candidate(1, used=1)) == 9


def test_recent_use_changes_a_chance_four_times_at_the_most() -> None:
    usual = [Candidate(1, used=1000)] * 50
    assert rotation.chances([Candidate(1, used=0), *usual])[0] == 4
    assert rotation.chances([Candidate(1, used=10**6), *usual])[0] == 0.25


def fleet() -> list[Candidate]:
    """300 domains as an operator has them: of all weights, healths and ages."""
    source = random.Random(7)  # noqa: S311
    healths = [Health.GOOD] * 8 + [Health.UNKNOWN, Health.WEAK, Health.BAD]
    return [
        Candidate(
            source.choice((0, 1, 1, 2, 5)), source.choice(healths), source.random() * 500 * DAY
        )
        for _ in range(DOMAINS)
    ]


def test_300_domains_get_their_shares() -> None:
    candidates, count = fleet(), 5000
    wanted = rotation.chances(candidates)
    got = drawn(candidates, count)
    for place, chance in enumerate(wanted):
        due = chance / sum(wanted) * count
        assert abs(got[place] - due) <= 0.15 * due + 5
    assert all(got[place] == 0 for place, each in enumerate(wanted) if not each)


def test_300_domains_take_turns_more_evenly_than_by_chance_alone() -> None:
    candidates = [Candidate(1)] * DOMAINS
    counted = drawn(candidates, 3000)
    by_chance = Counter(random.Random(1).choices(range(DOMAINS), k=3000))  # noqa: S311
    assert len(counted) == DOMAINS
    assert max(counted.values()) < max(by_chance.values())
    assert min(counted.values()) > min(by_chance[place] for place in range(DOMAINS))


def test_a_newcomer_among_300_catches_up_without_being_flooded() -> None:
    candidates = [Candidate(1, Health.GOOD, used=100)] * DOMAINS + [
        Candidate(1, Health.GOOD, age=5)
    ]
    got = drawn(candidates, 1500)
    assert 5 <= got[DOMAINS] <= 1500 / DOMAINS * rotation.MOST_CORRECTION * 2


@pytest.mark.parametrize("ticket", [0.0, 0.25, 0.999, 1 - 2**-53])
def test_every_random_number_draws_one(ticket: float) -> None:
    place = rotation.choose(fleet(), ticket)
    assert place is not None
    assert rotation.chances(fleet())[place] > 0
