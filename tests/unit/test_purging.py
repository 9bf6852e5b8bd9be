"""The purge: bounded transactions, resumable, and of everything that is over."""

import contextlib
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.db import OperationalError, connection

from mailboxes import tasks
from mailboxes.models.mailboxes import IssuedAddress, Mailbox
from mailboxes.models.messages import Message, MessageSource, OperatorMessage
from mailboxes.models.records import DedupeRecord, PurgeRecord
from mailboxes.services import (
    clock,
    creation,
    erasing,
    exclusive,
    purging,
    retention,
)
from mailboxes.services.recipients import RecipientStatus, recipient_status
from tempmail_site.celery import app
from tests import messages

pytestmark = pytest.mark.django_db
SIZE = len(messages.plain(received="0"))


@pytest.fixture(autouse=True)
def _one_size(monkeypatch):
    """The bounds are those of SQLite everywhere."""
    monkeypatch.setattr(purging, "POSTGRESQL_SCALE", 1)


@pytest.fixture
def ended(domain, deliver):
    """Make this many mailboxes with so many messages each, whose time is over."""

    def make(count, mails=1):
        made = [creation.create() for _ in range(count)]
        for created in made:
            for number in range(mails):
                deliver(created.address, raw=messages.plain(received=str(number)))
        over = clock.now() - timedelta(seconds=1)
        Mailbox.objects.filter(pk__in=[each.mailbox.pk for each in made]).update(
            ends_at=over, expires_at=over
        )
        return made

    return make


def test_it_goes_on_until_none_is_left(ended, owner, monkeypatch):
    monkeypatch.setattr(purging, "GROUP", 2)
    ended(5)
    assert purging.purge_ended_mailboxes() == purging.Purged(5, 5, 5 * SIZE)
    assert list(Mailbox.objects.all()) == [owner.mailbox]
    assert not Message.objects.exists()
    assert not MessageSource.objects.exists()
    assert IssuedAddress.objects.count() == 6


def test_a_run_ends_when_its_time_is_used_up_and_the_next_goes_on(ended, monkeypatch):
    monkeypatch.setattr(purging, "GROUP", 2)
    ended(5)
    assert [purging.purge_ended_mailboxes(0).mailboxes for _ in range(4)] == [2, 2, 1, 0]


def test_a_transaction_takes_no_more_messages_than_its_bound(ended, monkeypatch):
    monkeypatch.setattr(purging, "PART_MESSAGES", 4)
    ended(3, mails=2)
    assert purging.purge_ended_mailboxes(0).messages == 4
    assert purging.purge_ended_mailboxes().mailboxes == 1


@pytest.mark.parametrize("bound", ["PART_MESSAGES", "PART_BYTES"])
def test_a_large_mailbox_goes_in_parts_and_is_over_from_the_first_on(ended, bound, monkeypatch):
    monkeypatch.setattr(purging, bound, 2 if bound == "PART_MESSAGES" else 2 * SIZE)
    (large,) = ended(1, mails=5)
    first = purging.purge_ended_mailboxes(0)
    assert (first.mailboxes, first.messages, first.is_complete) == (0, 2, False)
    row = Mailbox.objects.get()
    assert row.ends_at == row.created_at  # no clock that is set back revives a half of it
    assert recipient_status(large.address) is RecipientStatus.UNKNOWN
    rest = purging.purge_ended_mailboxes()
    assert (rest.mailboxes, rest.messages, rest.is_complete) == (1, 3, True)
    record = PurgeRecord.objects.get()
    assert (record.messages, record.bytes) == (5, 5 * SIZE)


def test_what_stops_in_the_middle_is_gone_on_with(ended, monkeypatch):
    monkeypatch.setattr(purging, "GROUP", 1)
    ended(3)
    erase = erasing.erase
    calls = []

    def dies_at_the_second(rows):
        calls.append(erase(rows))
        if len(calls) == 2:
            raise OperationalError
        return calls[-1]

    monkeypatch.setattr(erasing, "erase", dies_at_the_second)
    with pytest.raises(OperationalError):
        purging.purge_ended_mailboxes()
    assert Mailbox.objects.count() == Message.objects.count() == MessageSource.objects.count() == 2
    assert purging.purge_ended_mailboxes().mailboxes == 2


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite locks no rows")
@pytest.mark.django_db(transaction=True)
def test_a_mailbox_that_somebody_else_works_on_is_left_to_the_next_run(ended):
    held, free = ended(2)
    options = connection.get_connection_params()
    options.pop("cursor_factory", None)
    with contextlib.closing(connection.Database.connect(**options)) as other:
        lock = "SELECT 1 FROM mailboxes_mailbox WHERE id = %s FOR UPDATE"
        other.cursor().execute(lock, [held.mailbox.pk])
        assert purging.purge_ended_mailboxes().mailboxes == 1
        assert not Mailbox.objects.filter(pk=free.mailbox.pk).exists()
    assert purging.purge_ended_mailboxes().mailboxes == 1


def test_a_record_tells_why_but_not_whose(ended, owner):
    (expired,) = ended(1)
    Mailbox.objects.filter(pk=owner.mailbox.pk).update(ends_at=clock.now())
    assert purging.purge_ended_mailboxes().mailboxes == 2
    reasons = dict(PurgeRecord.objects.values_list("mailbox_public_id", "reason"))
    public_ids = (expired.mailbox.public_id, owner.mailbox.public_id)
    assert reasons == dict(zip(public_ids, ("expired", "unused"), strict=True))
    assert owner.address not in str(list(PurgeRecord.objects.values()))


def test_a_full_disk_loses_the_record_and_not_the_purge(ended, monkeypatch):
    ended(1)

    def full(*args, **kwargs):
        raise OperationalError

    monkeypatch.setattr(purging.prepared, "run", full)
    assert purging.purge_ended_mailboxes().mailboxes == 1
    assert not PurgeRecord.objects.exists()


def test_records_go_in_batches_until_none_is_left(monkeypatch):
    monkeypatch.setattr(retention, "BATCH", 2)
    now = clock.now()
    old = now - timedelta(seconds=retention.delivery_record_seconds())
    DedupeRecord.objects.bulk_create(
        DedupeRecord(digest=bytes([number] * 16), created_at=old) for number in range(5)
    )
    Session.objects.create(session_key="over", session_data="", expire_date=now)
    Session.objects.create(session_key="on", session_data="", expire_date=now + timedelta(days=1))
    OperatorMessage.objects.create(
        id="0" * 32,
        received_at=now - timedelta(days=retention.OPERATOR_MESSAGE_DAYS),
        size=0,
        sealed_summary=b"",
        sealed_source=b"",
    )
    assert retention.purge_records(0) == 0
    assert retention.purge_records() == 7
    assert Session.objects.get().session_key == "on"


def ours():
    app.loader.import_default_modules()
    return {name: task for name, task in app.tasks.items() if name.startswith("mailboxes.")}


def test_every_task_is_bounded_by_a_soft_limit_before_a_hard_one():
    assert ours()
    for task in ours().values():
        assert 0 < task.soft_time_limit < task.time_limit <= 600


def test_beat_sends_nothing_that_is_unknown_or_piles_up():
    entries = app.conf.beat_schedule.values()
    assert {entry["task"] for entry in entries} <= set(ours())
    assert all(entry["options"]["expires"] <= entry["schedule"] for entry in entries)
    assert app.conf.beat_schedule["purge_ended_mailboxes"]["schedule"] <= 60


def test_a_run_is_over_before_its_limit():
    for seconds in (purging.RUN_SECONDS, retention.RUN_SECONDS):
        assert seconds < tasks.purge_ended_mailboxes.soft_time_limit


def test_a_task_that_runs_elsewhere_is_left_to_that_one(ended, monkeypatch):
    ended(1)
    monkeypatch.setattr(exclusive, "hold", lambda *args, **kwargs: contextlib.nullcontext(False))
    assert tasks.purge_ended_mailboxes() == 0
    assert Mailbox.objects.exists()


def test_without_redis_a_task_runs_all_the_same(ended, settings):
    settings.REDIS_URL = "unix:///nonexistent/redis.sock"
    ended(1)
    assert tasks.purge_ended_mailboxes() == 1
