"""Which answer smtpd(8) gets for which state of a recipient."""

from collections.abc import Callable

import pytest
from django.db import DataError, OperationalError

from delivery import policy
from delivery.admissions import AdmissionBook, Admissions
from delivery.policy import RecipientJudge
from delivery.rates import RateBook, Rates
from delivery.sender_judge import SenderJudge, SenderLimits
from mailboxes.services.recipients import RecipientStatus

pytestmark = pytest.mark.django_db
QUESTION = {"request": "smtpd_access_policy", "protocol_state": "RCPT", "recipient": "a@x.test"}


def new_judge() -> RecipientJudge:
    senders = SenderJudge(RateBook(Rates.create(1), 0), SenderLimits())
    return RecipientJudge(AdmissionBook(Admissions.create(1), 0), senders)


def judging(monkeypatch: pytest.MonkeyPatch, status: Callable[[str], RecipientStatus]) -> None:
    monkeypatch.setattr(policy, "recipient_status", lambda address, pending: status(address))
    monkeypatch.setattr("delivery.database.close", lambda: None)  # the test's own connection


@pytest.mark.parametrize(
    ("status", "action"),
    [
        (RecipientStatus.ACCEPTED, "DUNNO"),
        (RecipientStatus.UNKNOWN, "550 5.1.1 No such mailbox"),
        (RecipientStatus.FULL, "452 4.2.2 Mailbox full"),
        (RecipientStatus.FOREIGN, "554 5.7.1 Relay access denied"),
    ],
)
def test_each_status_has_its_reply(
    monkeypatch: pytest.MonkeyPatch, status: RecipientStatus, action: str
) -> None:
    judging(monkeypatch, lambda _: status)
    assert new_judge()(QUESTION) == action


@pytest.mark.parametrize("error", [OperationalError("x"), DataError("x"), ValueError("a@x.test")])
def test_any_error_is_a_temporary_failure(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(_: str) -> RecipientStatus:
        raise error

    judging(monkeypatch, fail)
    assert new_judge()(QUESTION) == "451 4.3.0 Temporary lookup failure"


def test_a_log_line_of_a_failure_names_no_recipient(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(address: str) -> RecipientStatus:
        raise ValueError(address)

    judging(monkeypatch, fail)
    new_judge()(QUESTION)
    assert "a@x.test" not in caplog.text
    assert "ValueError" in caplog.text


def test_another_kind_of_request_is_a_temporary_failure() -> None:
    assert new_judge()({"request": "junk"}).startswith("451 ")
    assert new_judge()({}).startswith("451 ")


def test_another_stage_than_rcpt_is_no_business_of_ours() -> None:
    assert new_judge()(QUESTION | {"protocol_state": "END-OF-MESSAGE"}) == "DUNNO"


def test_a_database_that_hangs_is_not_waited_for_by_everybody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []

    def hang(address: str) -> RecipientStatus:
        asked.append(address)
        raise OperationalError

    judging(monkeypatch, hang)
    judge = new_judge()
    monkeypatch.setattr(RecipientJudge, "SLOW", -1.0)
    monkeypatch.setattr(RecipientJudge, "REST", 1000.0)
    assert judge(QUESTION) == judge(QUESTION) == policy.TEMPORARY
    assert len(asked) == 1
