"""What RCPT has let in and is not stored yet: counted over all processes, for a minute, in fixed memory."""

import os
import threading

import pytest

from delivery import admissions
from delivery.admissions import SLICE_SECONDS, TABLE_SIZE, WAYS, AdmissionBook, Admissions
from mailboxes.services.recipients import NOTHING_PENDING, Pending
from tests.unit.standing_clock import Clock, same_set

KEY = b"k" * 16
OTHER = b"o" * 16


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def books(clock: Clock) -> list[AdmissionBook]:
    shared = Admissions.create(2)
    return [AdmissionBook(shared, process, clock) for process in range(2)]


def test_nothing_is_pending_at_first(books: list[AdmissionBook]) -> None:
    assert books[0].pending(KEY) == NOTHING_PENDING


def test_what_any_process_let_in_is_seen_by_all(books: list[AdmissionBook]) -> None:
    books[0].admit(KEY, 1000)
    books[1].admit(KEY, 0)
    for book in books:
        assert book.pending(KEY) == Pending(2, 1000)
        assert book.pending(OTHER) == NOTHING_PENDING


def test_what_is_stored_is_pending_no_longer_whoever_stored_it(books: list[AdmissionBook]) -> None:
    for _ in range(3):
        books[0].admit(KEY, 1000)
    books[1].settle(KEY, 1200)
    assert books[0].pending(KEY) == Pending(2, 1800)


def test_more_stored_than_let_in_counts_as_nothing(books: list[AdmissionBook]) -> None:
    books[0].settle(KEY, 1000)
    assert books[0].pending(KEY) == NOTHING_PENDING


def test_after_a_minute_it_counts_no_longer(books: list[AdmissionBook], clock: Clock) -> None:
    books[0].admit(KEY, 1)
    clock.now += 60
    books[0].admit(KEY, 1)
    assert books[0].pending(KEY) == Pending(2, 2)
    clock.now += SLICE_SECONDS
    assert books[0].pending(KEY) == Pending(1, 1)
    clock.now += 60
    assert books[1].pending(KEY) == NOTHING_PENDING


def test_what_was_stored_is_not_taken_from_what_came_later(
    books: list[AdmissionBook], clock: Clock
) -> None:
    for _ in range(100):
        books[0].admit(KEY, 1)
    clock.now += SLICE_SECONDS
    for _ in range(100):
        books[0].settle(KEY, 1)
    clock.now += 60 - SLICE_SECONDS
    books[0].admit(KEY, 1)
    assert books[0].pending(KEY) == Pending(1, 1)
    clock.now += SLICE_SECONDS  # the 100 are forgotten now, but not that they were stored
    assert books[0].pending(KEY) == Pending(1, 1)


def test_a_flood_of_addresses_takes_no_more_memory_and_forgets_the_quietest(
    books: list[AdmissionBook], clock: Clock
) -> None:
    for number in range(WAYS):
        books[0].admit(same_set(number), 1)
        clock.now += SLICE_SECONDS
    books[0].admit(same_set(0), 1)
    books[0].admit(same_set(WAYS), 1)
    pending = [books[0].pending(same_set(n)).messages for n in range(WAYS + 1)]
    assert pending == [2, 0, 1, 1, 1]


def test_an_address_that_takes_the_place_of_another_has_its_own_count(
    books: list[AdmissionBook],
) -> None:
    for number in range(WAYS + 1):
        books[0].admit(same_set(number), 7)
    assert books[0].pending(same_set(WAYS)) == Pending(1, 7)


def test_tables_do_not_overlap_and_hold_the_last_entry() -> None:
    key = b"\xff" * 16
    shared = Admissions.create(3)
    for process in range(3):
        AdmissionBook(shared, process).admit(key, 1)
        last = admissions.places(process, key)[-1] + admissions.ENTRY_SIZE
        assert process * TABLE_SIZE < last <= (process + 1) * TABLE_SIZE
    assert AdmissionBook(shared, 0).pending(key) == Pending(3, 3)


def test_another_process_sees_what_was_noted() -> None:
    shared = Admissions.create(2)
    child = os.fork()
    if not child:
        AdmissionBook(shared, 1).admit(KEY, 5)
        os._exit(0)
    os.waitpid(child, 0)
    assert AdmissionBook(shared, 0).pending(KEY) == Pending(1, 5)


def test_two_threads_of_a_process_lose_no_count(books: list[AdmissionBook]) -> None:
    def admit() -> None:
        for _ in range(2000):
            books[0].admit(KEY, 1)

    threads = [threading.Thread(target=admit) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert books[1].pending(KEY) == Pending(4000, 4000)
