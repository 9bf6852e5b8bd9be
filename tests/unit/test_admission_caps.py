"""The caps of a mailbox count what RCPT let in a moment ago; what was answered 250 is always stored."""

import pytest
from django.test.utils import CaptureQueriesContext

from delivery import handlers, policy, protocol
from delivery.admissions import AdmissionBook
from delivery.intake_handler import IntakeHandler
from delivery.policy import RecipientJudge
from delivery.protocol import Request
from delivery.scoreboard import Scoreboard
from mailboxes.models.messages import Message
from mailboxes.rules import summary
from mailboxes.services import operator_mail, recipients
from mailboxes.services.recipients import Pending, RecipientStatus, recipient_status

pytestmark = pytest.mark.django_db


class Host:
    """Two worker processes: one judges, the other stores."""

    def __init__(self) -> None:
        board = Scoreboard(2)
        books = [AdmissionBook(board.admissions, process) for process in range(2)]
        self.judges = [
            RecipientJudge(book, handlers.sender_judge(board, process))
            for process, book in enumerate(books)
        ]
        self.handler = IntakeHandler(summary.summarize, board, books[1])

    def rcpt(self, recipient: str, size: int | str = 0, process: int = 0) -> str:
        return self.judges[process](
            {
                "request": "smtpd_access_policy",
                "protocol_state": "RCPT",
                "recipient": recipient,
                "size": str(size),
            }
        )

    def deliver(self, name: str, *to: str) -> list[bytes]:
        body = f"Received: by mx id {name}\nSubject: {name}\n\nx\n".encode()
        return list(self.handler([Request(name, 0, "", to, body)]))


@pytest.fixture
def host() -> Host:
    return Host()


def test_a_bomb_is_stopped_at_the_cap_before_any_of_it_is_stored(owner, host, settings) -> None:
    settings.MAILBOX_MAX_MESSAGES = 10
    answers = [host.rcpt(owner.address, process=number % 2) for number in range(100)]
    assert answers == [policy.DUNNO] * 10 + [policy.FULL] * 90


def test_what_was_answered_250_is_stored_and_then_counted_once(owner, host, settings) -> None:
    settings.MAILBOX_MAX_MESSAGES = 10
    for number in range(10):
        assert host.rcpt(owner.address) == policy.DUNNO
        assert host.deliver(str(number), owner.address) == [protocol.STORED]
    assert host.rcpt(owner.address) == policy.FULL
    assert Message.objects.count() == 10


def test_delivery_refuses_nothing_in_a_full_mailbox(owner, host, settings) -> None:
    settings.MAILBOX_MAX_MESSAGES = 1
    assert host.deliver("1", owner.address) == host.deliver("2", owner.address) == [b"STORED\n"]
    assert Message.objects.count() == 2


def test_declared_bytes_count_too(owner, host, settings) -> None:
    settings.MAILBOX_MAX_BYTES = 10_000
    assert host.rcpt(owner.address, 9_999) == policy.DUNNO
    assert host.rcpt(owner.address, 1) == policy.DUNNO
    assert host.rcpt(owner.address, 1) == policy.FULL


@pytest.mark.parametrize("size", ["", "x", "-5", "²", "9" * 30])
def test_a_strange_size_breaks_nothing(owner, host, size: str) -> None:
    assert host.rcpt(owner.address, size) == policy.DUNNO


def test_all_spellings_of_an_address_share_a_count_and_others_do_not(
    owner, stranger, host, settings
) -> None:
    settings.MAILBOX_MAX_MESSAGES = 2
    local, _, domain = owner.address.partition("@")
    assert host.rcpt(f"{local}+a@{domain}") == host.rcpt(owner.address.upper()) == policy.DUNNO
    assert host.rcpt(owner.address) == policy.FULL
    assert host.rcpt(stranger.address) == policy.DUNNO


def test_unknown_recipients_are_not_counted(domain, host) -> None:
    for address in ("nobody@tempmail.test", "postmaster@example.org", '"a b"@tempmail.test'):
        host.rcpt(address)
    key = recipients.counting_key("nobody@tempmail.test")
    assert host.judges[0]._book.pending(key) == Pending()
    assert recipients.counting_key('"a b"@tempmail.test') is None
    operators = recipients.counting_key("postmaster@tempmail.test")
    assert host.judges[0]._book.pending(operators) == Pending()


def test_the_operators_cap_counts_over_all_their_addresses(domain, host, monkeypatch) -> None:
    monkeypatch.setattr(operator_mail, "MAX_MESSAGES", 2)
    assert host.rcpt("postmaster@tempmail.test") == policy.DUNNO
    assert host.deliver("1", "postmaster@tempmail.test") == [protocol.STORED]
    assert host.rcpt("abuse@tempmail.test") == policy.DUNNO
    assert host.rcpt("postmaster@tempmail.test") == policy.FULL


def test_pending_costs_no_query(owner, django_assert_num_queries) -> None:
    with django_assert_num_queries(1) as context:
        recipient_status(owner.address, Pending(1, 1))
    assert isinstance(context, CaptureQueriesContext)


def test_pending_alone_can_fill_a_mailbox(owner, settings) -> None:
    settings.MAILBOX_MAX_MESSAGES, settings.MAILBOX_MAX_BYTES = 5, 1000
    full, accepted = RecipientStatus.FULL, RecipientStatus.ACCEPTED
    assert recipient_status(owner.address, Pending(4, 999)) is accepted
    assert recipient_status(owner.address, Pending(5, 0)) is full
    assert recipient_status(owner.address, Pending(0, 1000)) is full
