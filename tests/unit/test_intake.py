"""Delivery: stored once for each mailbox, sealed, and never brought back."""

import pytest

from mailboxes.models.mailboxes import Mailbox
from mailboxes.models.messages import Message, OperatorMessage
from mailboxes.models.records import DedupeRecord
from mailboxes.rules import sealing
from mailboxes.rules.summary import Summary
from mailboxes.services import creation, ending, intake, prepared, reading
from mailboxes.services.intake import Outcome
from mailboxes.services.parcels import Envelope
from tests import messages

pytestmark = pytest.mark.django_db


def subjects(created: creation.Created) -> list[str]:
    opened = reading.open_by_token(created.token)
    return [item.summary.subject for item in reading.page(opened, limit=100).items]


def test_a_message_is_there_for_its_owner(owner, deliver) -> None:
    assert deliver(owner.address) == [Outcome.STORED]
    opened = reading.open_by_token(owner.token)
    (item,) = reading.page(opened, limit=10).items
    assert item.summary.subject == "A plain hello"
    assert item.summary.sender_address == "alice@example.org"
    assert item.summary.codes == ("482913",)
    assert item.size == len(messages.PLAIN)
    message = reading.message(opened, item.id)
    assert message.raw == b"Return-Path: <sender@example.org>\n" + messages.PLAIN
    assert "this is the body" in message.parsed.text


def test_a_message_to_several_mailboxes_is_there_in_each(owner, stranger, deliver) -> None:
    assert deliver(owner.address, stranger.address) == [Outcome.STORED, Outcome.STORED]
    assert subjects(owner) == subjects(stranger) == ["A plain hello"]


def test_two_spellings_of_one_mailbox_are_one_delivery(owner, deliver) -> None:
    local, _, domain = owner.address.partition("@")
    outcomes = deliver(owner.address, f"{local.upper()}+tag@{domain.upper()}")
    assert outcomes.count(Outcome.STORED) == 1
    assert subjects(owner) == ["A plain hello"]


def test_a_retry_stores_nothing_twice(owner, deliver) -> None:
    deliver(owner.address)
    assert deliver(owner.address) == [Outcome.DUPLICATE]
    assert len(subjects(owner)) == 1


def test_a_retry_after_a_delete_brings_nothing_back(owner, deliver) -> None:
    deliver(owner.address)
    assert ending.delete_messages(owner.mailbox).messages == 1
    assert deliver(owner.address) == [Outcome.DUPLICATE]
    assert subjects(owner) == []


def test_a_second_send_of_the_same_text_is_stored(owner, deliver) -> None:
    deliver(owner.address, raw=messages.plain(received="one"))
    assert deliver(owner.address, raw=messages.plain(received="two")) == [Outcome.STORED]
    assert len(subjects(owner)) == 2


def test_a_mailbox_that_ended_since_rcpt_is_gone(owner, stranger, deliver) -> None:
    ending.end(owner.mailbox)
    assert sorted(o.value for o in deliver(owner.address, stranger.address)) == ["gone", "stored"]
    assert not Mailbox.objects.filter(pk=owner.mailbox.pk).exists()


def test_a_full_mailbox_gets_what_was_answered_250(owner, deliver, settings) -> None:
    settings.MAILBOX_MAX_MESSAGES = 0
    assert deliver(owner.address) == [Outcome.STORED]


def test_a_bounce_to_an_address_elsewhere_is_dropped(owner, deliver) -> None:
    assert deliver("somebody@example.org") == [Outcome.GONE]
    assert not Message.objects.exists()


def test_postmaster_and_abuse_go_to_the_operators_sealed(domain, deliver, settings) -> None:
    assert deliver("postmaster@tempmail.test", "Abuse@tempmail.test") == [Outcome.OPERATOR] * 2
    assert deliver("postmaster@tempmail.test") == [Outcome.OPERATOR]
    assert OperatorMessage.objects.count() == 2
    row = OperatorMessage.objects.get(local_part="abuse")
    assert b"plain hello" not in bytes(row.sealed_source)
    key = sealing.operator_private_key(settings.OPERATOR_KEY)
    source = sealing.unseal(key, sealing.Kind.SOURCE, row.id.bytes, bytes(row.sealed_source))
    assert source.endswith(messages.PLAIN)


def test_the_operators_mail_is_capped(domain, deliver, monkeypatch) -> None:
    monkeypatch.setattr("mailboxes.services.operator_mail.MAX_MESSAGES", 1)
    deliver("abuse@tempmail.test", raw=messages.plain(received="one"))
    deliver("abuse@tempmail.test", raw=messages.plain(received="two"))
    assert OperatorMessage.objects.count() == 1


def test_nothing_is_stored_when_not_all_of_it_can_be(owner, stranger, deliver, monkeypatch) -> None:
    def fail(row, names):  # type: ignore[no-untyped-def]
        raise OSError

    monkeypatch.setattr(prepared, "update", fail)
    with pytest.raises(OSError):  # noqa: PT011
        deliver(owner.address, stranger.address)
    assert not Message.objects.exists()
    assert not DedupeRecord.objects.exists()
    monkeypatch.undo()
    assert deliver(owner.address, stranger.address) == [Outcome.STORED] * 2


def test_counts_and_order_are_kept(owner, deliver) -> None:
    for number in range(3):
        deliver(owner.address, raw=messages.plain(subject=f"number {number}", received=str(number)))
    mailbox = Mailbox.objects.get(pk=owner.mailbox.pk)
    assert (mailbox.message_count, mailbox.last_sequence) == (3, 3)
    assert mailbox.stored_bytes == sum(Message.objects.values_list("size", flat=True))
    assert subjects(owner) == ["number 2", "number 1", "number 0"]


@pytest.mark.parametrize(
    "sender", ["", "a b;$(id)@x.example", "new\nline@x.example", "\udce4@x.example"]
)
def test_an_odd_reverse_path_does_no_harm(owner, sender: str) -> None:
    envelope = Envelope("4q", sender, (owner.address,))
    assert intake.store(envelope, messages.PLAIN) == [Outcome.STORED]
    opened = reading.open_by_token(owner.token)
    (item,) = reading.page(opened, limit=1).items
    assert reading.source(opened, item.id).count(b"\n") == messages.PLAIN.count(b"\n") + 1


def test_an_unreadable_message_is_kept_and_its_source_is_shown(owner) -> None:
    envelope = Envelope("4q", "", (owner.address,))
    assert intake.store(envelope, messages.PLAIN, Summary.of_unread) == [Outcome.STORED]
    opened = reading.open_by_token(owner.token)
    (item,) = reading.page(opened, limit=1).items
    assert item.partial
    assert item.summary.unreadable
    message = reading.message(opened, item.id)
    assert message.parsed.unreadable
    assert message.raw.endswith(messages.PLAIN)


@pytest.mark.parametrize(
    "raw", [b"", b"\n", b"\0\0\0", b"\xff" * 1000, b"no headers at all", b"Subject: x"]
)
def test_the_strangest_bytes_are_stored(owner, deliver, raw: bytes) -> None:
    assert deliver(owner.address, raw=raw) == [Outcome.STORED]
    opened = reading.open_by_token(owner.token)
    (item,) = reading.page(opened, limit=1).items
    assert reading.source(opened, item.id).endswith(raw)
