"""How many recipients a client asked for in the last minute: counted over all processes, in fixed memory."""

import os
import threading

import pytest

from delivery import rates
from delivery.rates import SLICE_SECONDS, WAYS, Counts, RateBook, Rates
from tests.unit.standing_clock import Clock, same_set

KEY = b"k" * 16
OTHER = b"o" * 16


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def books(clock: Clock) -> list[RateBook]:
    shared = Rates.create(2)
    return [RateBook(shared, process, clock) for process in range(2)]


def test_all_processes_count_together_and_each_key_alone(books: list[RateBook]) -> None:
    books[0].add(KEY, let_in=2)
    books[1].add(KEY, let_in=1, unknown=5)
    for book in books:
        assert book.counts(KEY) == Counts(3, 5, False)
        assert book.counts(OTHER) == Counts()


def test_after_a_minute_it_counts_no_longer(books: list[RateBook], clock: Clock) -> None:
    books[0].add(KEY, let_in=1)
    clock.now += 60
    books[1].add(KEY, unknown=1)
    assert books[0].counts(KEY) == Counts(1, 1)
    clock.now += SLICE_SECONDS
    assert books[0].counts(KEY) == Counts(0, 1)
    clock.now += 60
    assert books[0].counts(KEY) == Counts()


def test_who_is_cut_off_is_so_for_every_process_and_then_no_longer(
    books: list[RateBook], clock: Clock
) -> None:
    books[0].add(KEY, unknown=1)
    books[0].cut_off(KEY, 120)
    clock.now += 100
    assert [book.counts(KEY).is_cut_off for book in books] == [True, True]
    assert not books[1].counts(OTHER).is_cut_off
    clock.now += 30
    assert not books[1].counts(KEY).is_cut_off


def test_counting_on_does_not_end_a_cut_off(books: list[RateBook], clock: Clock) -> None:
    books[0].cut_off(KEY, 120)
    clock.now += 20
    books[0].add(KEY, let_in=1)
    assert books[0].counts(KEY) == Counts(1, 0, True)


def test_a_flood_of_clients_takes_no_more_memory_and_pushes_out_no_one_that_is_cut_off(
    books: list[RateBook], clock: Clock
) -> None:
    books[0].cut_off(same_set(0), 300)
    for number in range(1, 3 * WAYS):
        clock.now += SLICE_SECONDS
        books[0].add(same_set(number), let_in=1)
    assert books[0].counts(same_set(0)).is_cut_off
    counted = [books[0].counts(same_set(number)).let_in for number in range(1, 3 * WAYS)]
    assert counted == [0] * (2 * WAYS) + [1] * (WAYS - 1)


def test_tables_do_not_overlap() -> None:
    key = b"\xff" * 16
    shared = Rates.create(3)
    for process in range(3):
        RateBook(shared, process).add(key, let_in=1)
        last = rates.places(process, key)[-1] + rates.ENTRY.size
        assert process * rates.TABLE_SIZE < last <= (process + 1) * rates.TABLE_SIZE
    assert RateBook(shared, 0).counts(key) == Counts(3)


def test_another_process_sees_what_was_counted() -> None:
    shared = Rates.create(2)
    child = os.fork()
    if not child:
        RateBook(shared, 1).cut_off(KEY, 60)
        os._exit(0)
    os.waitpid(child, 0)
    assert RateBook(shared, 0).counts(KEY).is_cut_off


def test_two_threads_of_a_process_lose_no_count(books: list[RateBook]) -> None:
    def count() -> None:
        for _ in range(2000):
            books[0].add(KEY, let_in=1)

    threads = [threading.Thread(target=count) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert books[1].counts(KEY) == Counts(4000)


def test_a_key_says_nothing_outside_of_its_worker() -> None:
    ours, another = RateBook(Rates.create(1), 0), RateBook(Rates.create(1), 0)
    assert ours.key("client", "192.0.2.1") == ours.key("client", "192.0.2.1")
    assert ours.key("client", "192.0.2.1") != ours.key("domain", "192.0.2.1")
    assert ours.key("client", "192.0.2.1") != another.key("client", "192.0.2.1")
    assert len(ours.key("domain", "\ufffd" * 65_536)) == rates.KEY_SIZE
