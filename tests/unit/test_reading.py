"""Reading: paging, order, and nothing for anybody else."""

import uuid
from datetime import timedelta

import pytest

from mailboxes.models.mailboxes import Mailbox
from mailboxes.models.messages import Message, MessageSource
from mailboxes.rules.errors import MailboxEnded, NotFound, UnknownToken
from mailboxes.services import clock, ending, following, reading
from tests import messages

pytestmark = pytest.mark.django_db


def test_another_token_does_not_open_the_mailbox(owner, stranger) -> None:
    with pytest.raises(NotFound):
        reading.open_by_public_id(owner.mailbox.public_id, stranger.token)
    with pytest.raises(NotFound):
        reading.open_by_public_id("no-such-mailbox", owner.token)
    with pytest.raises(UnknownToken):
        reading.open_by_token("tmt_" + "A" * 43)


def test_the_address_in_a_path_must_be_the_tokens_own(owner, stranger) -> None:
    opened = reading.open_by_token(owner.token)
    assert reading.is_address_of(opened, owner.address.upper())
    assert reading.is_address_of(opened, "me")
    assert not reading.is_address_of(opened, stranger.address)
    assert not reading.is_address_of(opened, "rubbish")


def test_pages_go_on_where_the_last_one_ended_also_when_mail_arrives(owner, deliver) -> None:
    for number in range(5):
        deliver(owner.address, raw=messages.plain(subject=str(number), received=str(number)))
    opened = reading.open_by_token(owner.token)
    first = reading.page(opened, limit=2)
    deliver(owner.address, raw=messages.plain(subject="late", received="late"))
    second = reading.page(opened, limit=2, before=first.next_before)
    third = reading.page(opened, limit=2, before=second.next_before)
    found = [i.summary.subject for p in (first, second, third) for i in p.items]
    assert found == ["4", "3", "2", "1", "0"]
    assert third.next_before is None


def test_after_gives_only_what_is_newer(owner, deliver) -> None:
    for number in range(3):
        deliver(owner.address, raw=messages.plain(subject=str(number), received=str(number)))
    opened = reading.open_by_token(owner.token)
    middle = reading.page(opened, limit=3).items[1]
    after = reading.sequence_of(opened, middle.id)
    assert [i.summary.subject for i in reading.page(opened, limit=3, after=after).items] == ["2"]
    assert following.look(owner.mailbox.pk).last_sequence == after + 1
    with pytest.raises(MailboxEnded):
        following.look(owner.mailbox.pk + 1000)
    ending.delete_messages(owner.mailbox)
    assert following.look(owner.mailbox.pk).last_sequence == after + 1


def test_a_message_of_another_mailbox_is_not_found(owner, stranger, deliver) -> None:
    deliver(owner.address)
    theirs = reading.open_by_token(stranger.token)
    message_id = Message.objects.get().id
    for look in (reading.message, reading.source, reading.sequence_of):
        with pytest.raises(NotFound):
            look(theirs, message_id)
    with pytest.raises(NotFound):
        reading.message(theirs, uuid.uuid4())


def test_opening_marks_as_seen_unless_told_otherwise(owner, deliver) -> None:
    deliver(owner.address)
    opened = reading.open_by_token(owner.token)
    message_id = Message.objects.get().id
    reading.message(opened, message_id, mark_seen=False)
    assert reading.unread_count(opened) == 1
    reading.message(opened, message_id)
    assert reading.unread_count(opened) == 0


def test_a_row_moved_into_another_place_does_not_open(owner, deliver) -> None:
    deliver(owner.address, raw=messages.plain(received="1"))
    deliver(owner.address, raw=messages.plain(received="2"))
    one, two = Message.objects.order_by("sequence")
    Message.objects.filter(id=two.id).update(sealed_summary=one.sealed_summary)
    opened = reading.open_by_token(owner.token)
    moved, intact = reading.page(opened, limit=5).items
    assert (moved.summary.subject, moved.summary.unreadable) == ("", True)
    assert intact.summary.subject == "A plain hello"


def test_a_source_that_does_not_unseal_is_not_found(owner, deliver) -> None:
    deliver(owner.address)
    MessageSource.objects.update(sealed=b"x" * 100)
    opened = reading.open_by_token(owner.token)
    (item,) = reading.page(opened, limit=5).items
    with pytest.raises(NotFound):
        reading.message(opened, item.id)


def test_looking_counts_as_activity_at_most_once_a_minute(owner) -> None:
    before = Mailbox.objects.get(pk=owner.mailbox.pk).last_activity_at
    reading.open_by_token(owner.token)
    assert Mailbox.objects.get(pk=owner.mailbox.pk).last_activity_at == before
    Mailbox.objects.update(last_activity_at=clock.now() - timedelta(minutes=2))
    reading.open_by_token(owner.token)
    assert Mailbox.objects.get(pk=owner.mailbox.pk).last_activity_at >= before


def test_neighbours_are_the_next_newer_and_older(owner, deliver) -> None:
    for number in range(3):
        deliver(owner.address, raw=messages.plain(received=str(number)))
    opened = reading.open_by_token(owner.token)
    newest, middle, oldest = reading.page(opened, limit=3).items
    assert reading.neighbours(opened, middle.sequence) == (newest.id, oldest.id)
    assert reading.neighbours(opened, newest.sequence) == (None, middle.id)
