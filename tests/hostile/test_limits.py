"""The limits of time and memory per message are enforced: what breaks them is stored and said to be unreadable."""

import time

import pytest

from delivery import protocol
from mailboxes.services import creation
from mailboxes.services.creation import Created
from tests.hostile import nasty, pages
from tests.hostile.worker import Worker

DEADLINE = 60.0


@pytest.fixture(scope="module")
def victim(breakable_worker: Worker) -> Created:
    return creation.create(domain="tempmail.test")


def hand_over_as_postfix(worker: Worker, owner: Created, raw: bytes) -> None:
    """Try again, with the same bytes, until it is stored."""
    end = time.monotonic() + DEADLINE
    while worker.hand_over(owner.address, raw, "4SameQueueId") != protocol.STORED:
        assert time.monotonic() < end, "never stored"
        time.sleep(0.1)


@pytest.mark.parametrize(
    "poison", ["spin", "sleep", "memory", "recursion", "segfault", "surrogate"]
)
def test_a_message_that_breaks_the_limits_is_stored_once_and_shown_as_its_source(
    breakable_worker: Worker, victim: Created, poison: str
) -> None:
    raw = nasty.plain(b"POISON " + poison.encode())
    before = victim.mailbox.messages.count()
    hand_over_as_postfix(breakable_worker, victim, raw)
    assert victim.mailbox.messages.count() == before + 1
    opened = pages.open_message(victim, victim.mailbox.messages.latest("sequence").id)
    assert "could not be read" in opened.page
    assert opened.is_given_up
    assert opened.source.endswith(raw)
    assert opened.data["partial"]
    assert opened.data["subject"] == "nasty"
    assert opened.data["from"]["address"] == "eve@example.org"


def test_the_lists_name_what_could_not_be_read(breakable_worker: Worker, victim: Created) -> None:
    hand_over_as_postfix(breakable_worker, victim, nasty.plain(b"POISON recursion again"))
    items = pages.open_lists(victim)
    assert {item["subject"] for item in items} == {"nasty"}


def test_the_worker_serves_others_as_before(breakable_worker: Worker, victim: Created) -> None:
    hand_over_as_postfix(breakable_worker, victim, nasty.plain(b"seen"))
    opened = pages.open_message(victim, victim.mailbox.messages.latest("sequence").id)
    assert opened.text == "seen"
