"""What is complete at the same time shares a transaction, and one bad message spoils nobody else's."""

import time
from collections.abc import Sequence

import pytest
from django.db import DataError, OperationalError

from delivery import database, intake_handler, protocol
from delivery.admissions import AdmissionBook
from delivery.intake_handler import IntakeHandler
from delivery.protocol import Request
from delivery.scoreboard import Scoreboard
from mailboxes.models.messages import Message
from mailboxes.rules import summary
from mailboxes.rules.summary import Summary
from mailboxes.services import intake

pytestmark = pytest.mark.django_db
STORED, LATER = protocol.STORED, protocol.LATER


def summarize(raw: bytes) -> Summary:
    """As messages ask for."""
    if b"SURROGATE" in raw:
        return Summary(subject="\udcff")  # breaks only behind the parser
    if b"SLOW" in raw:
        time.sleep(intake_handler.MAX_GROUP_SECONDS * 1.1)
    return summary.summarize(raw)


class Host:
    """A handler whose transactions are counted."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.board, self.transactions = Scoreboard(1), list[int]()
        self.fail: Exception | None = None
        self.handler = IntakeHandler(summarize, self.board, AdmissionBook(self.board.admissions, 0))
        self._real = intake.store_many
        monkeypatch.setattr(intake, "store_many", self._store_many)

    def _store_many(self, deliveries: Sequence[intake.Delivery]) -> list[list[intake.Outcome]]:
        self.transactions.append(len(deliveries))
        if self.fail and len(deliveries) > 1:
            raise self.fail
        return self._real(deliveries)

    def deliver(self, to: str, *texts: str, size: int = 0) -> list[bytes]:
        bodies = [f"Received: by mx id {t}\nSubject: {t}\n\nx\n".encode() for t in texts]
        return list(self.handler([Request(f"q{b!r}", size, "", (to,), b) for b in bodies]))


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> Host:
    return Host(monkeypatch)


def test_a_group_is_stored_by_one_transaction_in_its_order(owner, host: Host) -> None:
    assert host.deliver(owner.address, "1", "2", "3") == [STORED] * 3
    assert host.transactions == [3]
    assert list(Message.objects.order_by("sequence").values_list("sequence", flat=True)) == [
        1,
        2,
        3,
    ]
    owner.mailbox.refresh_from_db()
    assert (owner.mailbox.message_count, owner.mailbox.last_sequence) == (3, 3)


def test_the_same_delivery_twice_in_a_group_is_one_message(owner, host: Host) -> None:
    assert host.deliver(owner.address, "1", "1") == [STORED] * 2
    assert Message.objects.count() == 1


def test_a_group_is_bounded(owner, host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake_handler, "MAX_GROUP", 2)
    assert host.deliver(owner.address, "1", "2", "3", "4", "5") == [STORED] * 5
    monkeypatch.setattr(intake_handler, "MAX_GROUP_BYTES", 1)
    assert host.deliver(owner.address, "6", "7") == [STORED] * 2
    assert host.transactions == [2, 2, 1, 1, 1]


def test_what_is_ready_does_not_wait_for_what_is_slow(owner, host: Host) -> None:
    assert host.deliver(owner.address, "1", "SLOW", "3") == [STORED] * 3
    assert host.transactions == [2, 1]


@pytest.mark.parametrize("error", [OperationalError("deadlock"), ValueError("x")])
def test_a_group_that_fails_is_stored_one_by_one(
    owner, host: Host, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    monkeypatch.setattr(database, "close", lambda: None)  # the test's own connection
    host.fail = error
    assert host.deliver(owner.address, "1", "2", "3") == [STORED] * 3
    assert host.transactions[0] == 3
    assert host.transactions[-3:] == [1, 1, 1]
    assert Message.objects.count() == 3


def test_poison_in_a_group_is_stored_unparsed_and_the_others_parsed(owner, host: Host) -> None:
    assert host.deliver(owner.address, "1", "SURROGATE", "3") == [STORED] * 3
    assert list(Message.objects.order_by("sequence").values_list("partial", flat=True)) == [
        False,
        True,
        False,
    ]


def test_a_database_that_is_away_is_asked_once_for_all(
    owner, host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "close", lambda: None)
    monkeypatch.setattr(database, "healthy", lambda: False)
    host.fail = OperationalError("away")
    assert host.deliver(owner.address, "1", "2", "3") == [LATER] * 3
    assert set(host.transactions) == {3}
    assert host.board.flush_wanted_at


def test_a_message_that_seems_cut_is_deferred_and_the_others_stored(owner, host: Host) -> None:
    whole = Request("q1", 0, "", (owner.address,), b"Received: by mx id 1\n\nx\n")
    cut = Request("q2", 1_000_000, "", (owner.address,), b"Received: by mx id 2\n\nx\n")
    assert list(host.handler([cut])) == [LATER]
    assert host.transactions == []
    cut = Request("q3", 1_000_000, "", (owner.address,), b"Received: by mx id 3\n\nx\n")
    assert list(host.handler([whole, cut])) == [STORED, LATER]
    assert list(host.handler([cut])) == [STORED]
    assert Message.objects.count() == 2


def lines(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str, str, str]]:
    """What became of each delivery, as the log has it: one line each."""
    names = ("queue_id", "result", "reason", "levelname")
    about = [one for one in caplog.records if getattr(one, "result", None)]
    assert all(one.duration_ms >= 0 and one.size > 0 for one in about)  # type: ignore[attr-defined]
    return [tuple(str(getattr(one, name, "")) for name in names) for one in about]  # type: ignore[misc]


def test_each_delivery_has_one_line_that_says_what_became_of_it(
    owner, host: Host, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    host.deliver(owner.address, "1", "2")
    assert [line[1:] for line in lines(caplog)] == [("delivered", "", "INFO")] * 2
    assert len({line[0] for line in lines(caplog)}) == 2

    caplog.clear()
    host.deliver(owner.address, "3", size=100_000)
    assert [line[1:] for line in lines(caplog)] == [("deferred", "short", "WARNING")]

    caplog.clear()
    monkeypatch.setattr(database, "can_store", lambda: False)
    host.fail = OperationalError("away")
    host.deliver(owner.address, "4", "5")
    assert [line[1:] for line in lines(caplog)] == [("deferred", "storage", "WARNING")] * 2
    assert [one.getMessage() for one in caplog.records].count("deliveries failed") == 1


@pytest.mark.parametrize(
    ("error", "reason"), [(OperationalError("okapi"), "storage"), (DataError("okapi"), "failed")]
)
def test_a_delivery_that_fails_alone_says_where(
    owner,
    host: Host,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: Exception,
    reason: str,
) -> None:
    def fail(*arguments: object) -> None:
        raise error

    monkeypatch.setattr(intake, "store_many", fail)
    monkeypatch.setattr(database, "can_store", lambda: True)
    assert host.deliver(owner.address, "1") == [LATER]
    assert [line[1:] for line in lines(caplog)] == [("deferred", reason, "ERROR")]
    assert type(error).__name__ in caplog.records[-1].error  # type: ignore[attr-defined]
    assert "okapi" not in caplog.text
