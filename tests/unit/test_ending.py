"""Deleting, extending, ending, purging."""

from datetime import timedelta

import pytest

from mailboxes.models.mailboxes import IssuedAddress, Mailbox
from mailboxes.models.messages import Message, MessageSource
from mailboxes.models.records import DedupeRecord, PurgeRecord
from mailboxes.rules.errors import NotFound, UnknownToken
from mailboxes.services import clock, creation, ending, purging, reading, retention
from tests import messages

pytestmark = pytest.mark.django_db


def expire(created: creation.Created) -> None:
    Mailbox.objects.filter(pk=created.mailbox.pk).update(ends_at=clock.now() - timedelta(seconds=1))


def test_from_expiry_on_nothing_is_readable_though_no_purge_has_run(owner, deliver) -> None:
    deliver(owner.address)
    expire(owner)
    with pytest.raises(UnknownToken):
        reading.open_by_token(owner.token)
    with pytest.raises(NotFound):
        reading.open_by_public_id(owner.mailbox.public_id, owner.token)
    with pytest.raises(NotFound):
        ending.extend(owner.mailbox, 3600)
    with pytest.raises(NotFound):
        ending.delete_messages(owner.mailbox)


def test_deleting_one_message_leaves_the_others(owner, deliver) -> None:
    for number in ("one", "two"):
        deliver(owner.address, raw=messages.plain(subject=number, received=number))
    opened = reading.open_by_token(owner.token)
    newest = reading.page(opened, limit=10).items[0]
    assert ending.delete_messages(owner.mailbox, [newest.id]).messages == 1
    assert ending.delete_messages(owner.mailbox, [newest.id]).messages == 0
    assert [i.summary.subject for i in reading.page(opened, limit=10).items] == ["one"]
    mailbox = Mailbox.objects.get(pk=owner.mailbox.pk)
    assert mailbox.message_count == MessageSource.objects.count() == 1
    assert mailbox.stored_bytes == Message.objects.get().size


def test_a_message_of_another_mailbox_is_not_deleted(owner, stranger, deliver) -> None:
    deliver(owner.address)
    message = Message.objects.get()
    assert ending.delete_messages(stranger.mailbox, [message.id]).messages == 0
    assert Message.objects.exists()


def test_an_extension_goes_no_further_than_the_maximum_and_never_back(owner) -> None:
    before = owner.mailbox.expires_at
    assert ending.extend(owner.mailbox, 600) == before
    assert ending.extend(owner.mailbox, 172_800) <= owner.mailbox.max_expires_at
    Mailbox.objects.update(max_expires_at=clock.now() + timedelta(hours=1))
    mailbox = Mailbox.objects.get(pk=owner.mailbox.pk)
    Mailbox.objects.update(expires_at=clock.now() + timedelta(minutes=5))
    assert ending.extend(mailbox, 86_400) == mailbox.max_expires_at


def test_ending_removes_everything_but_the_address_digest(owner, deliver) -> None:
    deliver(owner.address)
    ending.end(owner.mailbox)
    ending.end(owner.mailbox)
    assert not Message.objects.exists()
    assert not MessageSource.objects.exists()
    assert IssuedAddress.objects.count() == 1
    record = PurgeRecord.objects.get()
    assert (record.reason, record.messages, record.bytes) == ("closed", 1, len(messages.PLAIN))


def test_the_purge_takes_what_has_ended_and_leaves_what_lives(owner, stranger, deliver) -> None:
    deliver(owner.address, stranger.address)
    expire(owner)
    assert purging.purge_ended_mailboxes().mailboxes == 1
    assert purging.purge_ended_mailboxes().mailboxes == 0
    assert list(Mailbox.objects.all()) == [stranger.mailbox]
    assert len(reading.page(reading.open_by_token(stranger.token), limit=5).items) == 1


def test_records_go_after_their_time_and_not_before(owner, deliver, settings) -> None:
    deliver(owner.address)
    ending.end(owner.mailbox)
    assert retention.purge_records() == 0
    PurgeRecord.objects.update(purged_at=clock.now() - timedelta(days=1))
    assert retention.purge_records() == 1
    DedupeRecord.objects.update(
        created_at=clock.now() - timedelta(days=1 + settings.QUEUE_LIFETIME / 86_400)
    )
    assert retention.purge_records() == 1
