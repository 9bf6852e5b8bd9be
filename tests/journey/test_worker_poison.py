"""A message that breaks its parser is stored all the same, as "could not be read"."""

from collections.abc import Iterator

import pytest

from tests.journey.worker_stack import BREAKABLE, WorkerStack


@pytest.fixture(scope="module")
def worker() -> Iterator[WorkerStack]:
    stack = WorkerStack(BREAKABLE)
    try:
        stack.start()
        yield stack
    finally:
        stack.close()


def test_a_message_that_breaks_nothing_is_parsed(worker: WorkerStack) -> None:
    unparsed = worker.unparsed()
    assert worker.deliver("harmless") == 0
    assert worker.unparsed() == unparsed


@pytest.mark.parametrize("poison", ["spin", "memory", "recursion", "surrogate"])
def test_what_fails_within_the_process_is_stored_at_the_first_try(
    worker: WorkerStack, poison: str
) -> None:
    before, processes = worker.unparsed(), worker.children()
    assert worker.deliver(poison, f"POISON {poison}") == 0
    assert worker.unparsed() == before + 1
    assert worker.children() == processes


@pytest.mark.parametrize(("poison", "tries"), [("sleep", 2), ("segfault", 2), ("kill", 3)])
def test_what_ends_its_process_is_stored_when_postfix_tries_again(
    worker: WorkerStack, poison: str, tries: int
) -> None:
    before = worker.unparsed()
    assert worker.deliver_as_postfix(poison, f"POISON {poison}") == tries
    assert worker.unparsed() == before + 1
    assert worker.deliver("after-" + poison) == 0
    assert worker.unparsed() == before + 1


def test_the_log_names_no_sender_recipient_or_subject(worker: WorkerStack) -> None:
    worker.deliver("secret-subject-7", "POISON recursion")
    log = worker.log.read_text()
    assert "could not be parsed" in log
    assert "Subject" not in log
    assert "@" not in log
