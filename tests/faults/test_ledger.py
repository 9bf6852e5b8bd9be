"""The count itself: whatever is missing, twice, shorter or misplaced is seen and named."""

import pytest

from tests.faults.ledger import Found, Ledger, Outcome, Transaction


def _sent(outcome: Outcome) -> tuple[Ledger, Transaction, Found]:
    ledger = Ledger()
    transaction = ledger.begin(["a"], 1_000)
    transaction.outcome, transaction.reply = outcome, "250 2.0.0 Ok: queued as 4abc"
    return (
        ledger,
        transaction,
        Found("a", transaction.marker, transaction.digest, transaction.size),
    )


@pytest.mark.parametrize(
    ("outcome", "copies"),
    [(Outcome.ACCEPTED, 1), (Outcome.UNCERTAIN, 0), (Outcome.UNCERTAIN, 1), (Outcome.REFUSED, 0)],
)
def test_what_may_be_there_is_accepted(outcome: Outcome, copies: int) -> None:
    ledger, _, found = _sent(outcome)
    ledger.check([found] * copies)


@pytest.mark.parametrize(
    ("outcome", "copies", "complaint"),
    [
        (Outcome.ACCEPTED, 0, "MISSING"),
        (Outcome.ACCEPTED, 2, "2 TIMES"),
        (Outcome.UNCERTAIN, 2, "2 TIMES"),
        (Outcome.REFUSED, 1, "where it should not be"),
    ],
)
def test_wrong_counts_are_named(outcome: Outcome, copies: int, complaint: str) -> None:
    ledger, transaction, found = _sent(outcome)
    with pytest.raises(AssertionError, match=f"{transaction.marker}.*4abc.*{complaint}"):
        ledger.check([found] * copies)


def test_a_shorter_one_is_named() -> None:
    ledger, transaction, found = _sent(Outcome.ACCEPTED)
    with pytest.raises(AssertionError, match="SHORTER"):
        ledger.check([found._replace(digest="other", size=transaction.size - 1)])


def test_one_in_another_mailbox_is_named() -> None:
    ledger, _, found = _sent(Outcome.ACCEPTED)
    with pytest.raises(AssertionError, match="where it should not be"):
        ledger.check([found, found._replace(mailbox="b")])


def test_one_that_nobody_sent_is_named() -> None:
    ledger, _, found = _sent(Outcome.ACCEPTED)
    with pytest.raises(AssertionError, match="unknown marker"):
        ledger.check([found, found._replace(marker="other")])


def test_a_refusal_for_good_is_named() -> None:
    ledger, transaction, found = _sent(Outcome.ACCEPTED)
    transaction.permanent = "550 5.1.1"
    with pytest.raises(AssertionError, match="refused for good"):
        ledger.check([found])
