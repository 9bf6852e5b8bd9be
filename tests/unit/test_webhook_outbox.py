"""The outbox of webhooks: written with the message, and never sent from for what is gone."""

import contextlib
import threading
from datetime import timedelta

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from mailboxes.models.mailboxes import Mailbox
from mailboxes.models.messages import Message
from mailboxes.models.webhooks import Webhook, WebhookEvent
from mailboxes.services import (
    clock,
    creation,
    ending,
    moderation,
    purging,
    webhook_nudge,
    webhook_outbox,
    webhooks,
)
from mailboxes.services.webhook_outbox import BACKOFF, FAILING_FOR, MOST_FAILURES, Outcome
from tests import messages

pytestmark = pytest.mark.django_db
URL = "https://receiver.example/hook"


@pytest.fixture(autouse=True)
def nudges(monkeypatch):  # type: ignore[no-untyped-def]
    """How often the tasks were told."""
    told = []
    monkeypatch.setattr(webhook_nudge, "nudge", lambda: told.append(1))
    return told


@pytest.fixture
def hook(owner):  # type: ignore[no-untyped-def]
    """A webhook of the owner's mailbox."""
    made = webhooks.create(owner.mailbox, URL)
    owner.mailbox.refresh_from_db()
    return made


def take(most: int = 9, per_domain: int = 9) -> list[webhook_outbox.Taken]:
    return webhook_outbox.take(most, {}, per_domain, 9)


def make_due() -> None:
    WebhookEvent.objects.update(due_at=clock.now() - timedelta(seconds=1))


def statements(action) -> list[str]:  # type: ignore[no-untyped-def]
    with CaptureQueriesContext(
        connection,
    ) as captured:
        action()
    return [query["sql"] for query in captured]


def test_without_webhooks_a_message_costs_no_statement_more(
    owner, stranger, deliver, monkeypatch
) -> None:
    deliver(owner.address, raw=messages.plain(received="0"))
    ours = statements(lambda: deliver(owner.address, raw=messages.plain(received="1")))
    monkeypatch.setattr(webhook_outbox, "write", lambda *args: None)
    bare = statements(lambda: deliver(owner.address, raw=messages.plain(received="2")))
    assert len(ours) == len(bare)
    assert not [each for each in ours if "mailboxes_webhook" in each]


def test_with_webhooks_it_costs_two(owner, hook, deliver, monkeypatch) -> None:
    webhooks.create(owner.mailbox, URL)
    webhooks.create(owner.mailbox, URL)
    ours = statements(lambda: deliver(owner.address, raw=messages.plain(received="1")))
    monkeypatch.setattr(webhook_outbox, "write", lambda *args: None)
    bare = statements(lambda: deliver(owner.address, raw=messages.plain(received="2")))
    assert len(ours) - len(bare) == 2
    assert WebhookEvent.objects.count() == 3


def test_each_message_is_noted_once_for_each_webhook(
    owner, hook, deliver, nudges, django_capture_on_commit_callbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        deliver(owner.address)
        deliver(owner.address)  # a retry of Postfix's
    (event,) = WebhookEvent.objects.all()
    assert (event.webhook_id, event.message_id) == (hook.id, Message.objects.get().id)
    assert nudges == [1]


def test_message_and_events_are_stored_together_or_not_at_all(
    owner, hook, deliver, monkeypatch
) -> None:
    def fail(*args, **kwargs):  # type: ignore[no-untyped-def]
        raise RuntimeError

    monkeypatch.setattr(webhook_outbox, "write", fail)
    with pytest.raises(RuntimeError):
        deliver(owner.address)
    assert not Message.objects.exists()


def test_mail_that_was_there_before_is_not_told_of(owner, deliver) -> None:
    deliver(owner.address)
    webhooks.create(owner.mailbox, URL)
    assert not WebhookEvent.objects.exists()


def test_what_is_taken_is_not_taken_again_until_its_taker_must_be_dead(
    owner, hook, deliver
) -> None:
    deliver(owner.address)
    (event,) = take()
    assert event.attempts == 1
    assert take() == []
    make_due()  # the lease is over
    (again,) = take()
    assert (again.id, again.attempts) == (event.id, 2)


@pytest.fixture
def six(domain, deliver):  # type: ignore[no-untyped-def]
    """Three events for each of two domains; returns how many of each are in what was taken."""
    digests = []
    for host in ("a.one.example", "two.example"):
        created = creation.create()
        webhooks.create(created.mailbox, f"https://{host}/")
        digests.append(bytes(created.mailbox.webhooks.get().domain_digest))
        for number in range(3):
            deliver(created.address, raw=messages.plain(received=str(number)))

    def of_each(taken):  # type: ignore[no-untyped-def]
        return tuple(sum(digest in event.counts_as for event in taken) for digest in digests)

    return of_each


def test_no_domain_gets_more_than_its_share(six) -> None:
    other = creation.create()
    webhooks.create(other.mailbox, "https://b.one.example/")
    taken = webhook_outbox.take(9, {}, 2, 9)
    assert six(taken) == (2, 2)
    busy = {key: 2 for event in taken for key in event.counts_as}
    assert webhook_outbox.take(9, busy, 2, 9) == []
    names = Webhook.objects.filter(mailbox__in=[other.mailbox]).values_list("domain_digest")
    assert bytes(names[0][0]) in busy  # another name of the same domain


def test_those_that_fail_come_last_and_never_take_all_places(six) -> None:
    first = WebhookEvent.objects.order_by("due_at")[0].webhook
    Webhook.objects.filter(pk=first.pk).update(failures=1)
    taken = webhook_outbox.take(4, {}, 9, 9)
    assert six(taken) == (1, 3)
    assert [webhook_outbox.FAILING in event.counts_as for event in taken] == [False] * 3 + [True]
    assert webhook_outbox.take(9, {webhook_outbox.FAILING: 1}, 9, 1) == []
    assert six(webhook_outbox.take(9, {webhook_outbox.FAILING: 1}, 9, 2)) == (1, 0)


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer")
@pytest.mark.django_db(transaction=True)
def test_two_that_take_at_once_take_different_ones(owner, hook, deliver) -> None:
    for number in range(20):
        deliver(owner.address, raw=messages.plain(received=str(number)))
    taken, barrier = [], threading.Barrier(4)

    def run() -> None:
        barrier.wait()
        with contextlib.closing(connections["default"]):
            for _ in range(10):
                taken.extend(event.id for event in take(3, 99))

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == len(set(taken)) == 20


def test_what_is_due_says_what_to_send_and_for_how_long(owner, hook, deliver) -> None:
    deliver(owner.address)
    (event,) = take()
    due = webhook_outbox.still_due(event)
    assert (due.url, due.secret) == (URL, hook.secret)
    assert due.message_id == Message.objects.get().id
    assert due.received_at == Message.objects.get().received_at
    assert 0 < due.seconds <= 3600
    assert not due.is_frozen


def end_by_time(owner) -> None:  # type: ignore[no-untyped-def]
    Mailbox.objects.update(ends_at=clock.now() - timedelta(seconds=1))


GONE = {
    "its mailbox has ended": end_by_time,
    "its owner ended it": lambda owner: ending.end(owner.mailbox),
    "an operator ended it": lambda owner: moderation.end(owner.mailbox, reason="abuse"),
    "all mail was deleted": lambda owner: ending.delete_messages(owner.mailbox),
    "the message was deleted": lambda owner: ending.delete_messages(
        owner.mailbox, [Message.objects.get().id]
    ),
    "the webhook was removed": lambda owner: webhooks.remove(
        owner.mailbox, Webhook.objects.get().id
    ),
    "it was disabled": lambda owner: Webhook.objects.update(disabled_at=clock.now()),
    "the operators' key is another one": lambda owner: Webhook.objects.update(sealed=b"x"),
}


@pytest.mark.parametrize("happens", GONE.values(), ids=GONE)
def test_nothing_is_due_when(owner, hook, deliver, happens) -> None:
    deliver(owner.address)
    (event,) = take()
    happens(owner)
    assert webhook_outbox.still_due(event) is None
    for outcome in Outcome:  # settling what is gone brings nothing back
        webhook_outbox.settle(event, outcome)


def test_a_frozen_mailbox_is_told_to_wait(owner, hook, deliver) -> None:
    deliver(owner.address)
    (event,) = take()
    moderation.freeze(owner.mailbox, reason="abuse")
    assert webhook_outbox.still_due(event).is_frozen
    webhook_outbox.settle(event, Outcome.POSTPONED)
    assert WebhookEvent.objects.get().attempts == 0
    assert WebhookEvent.objects.get().due_at > clock.now() + timedelta(seconds=20)
    moderation.unfreeze(owner.mailbox)
    assert not webhook_outbox.still_due(event).is_frozen


def test_a_deleted_message_takes_its_events_along(owner, hook, deliver) -> None:
    deliver(owner.address, raw=messages.plain(received="1"))
    deliver(owner.address, raw=messages.plain(received="2"))
    first, second = Message.objects.order_by("sequence")
    ending.delete_messages(owner.mailbox, [first.id])
    assert WebhookEvent.objects.get().message_id == second.id
    ending.delete_messages(owner.mailbox)
    assert not WebhookEvent.objects.exists()


@pytest.mark.parametrize("outcome", [Outcome.REJECTED, Outcome.UNREACHABLE])
def test_failures_are_tried_again_ever_later_and_then_given_up(
    owner, hook, deliver, outcome
) -> None:
    deliver(owner.address)
    for seconds in BACKOFF:
        (event,) = take()
        webhook_outbox.settle(event, outcome)
        left = (WebhookEvent.objects.get().due_at - clock.now()).total_seconds()
        assert 0.7 * seconds < left < 1.3 * seconds
        make_due()
    (event,) = take()
    webhook_outbox.settle(event, outcome)
    assert not WebhookEvent.objects.exists()
    webhook = Webhook.objects.get()
    assert (webhook.failures, webhook.last_result) == (6, outcome.name.lower())


def test_a_webhook_that_fails_often_and_for_long_is_disabled(owner, hook, deliver) -> None:
    for number in range(5):
        deliver(owner.address, raw=messages.plain(received=str(number)))
    long_ago = clock.now() - FAILING_FOR
    Webhook.objects.update(failures=MOST_FAILURES - 2, failing_since=long_ago)
    first, second, *_ = take()
    webhook_outbox.settle(first, Outcome.UNREACHABLE)
    assert Webhook.objects.get().disabled_at is None
    webhook_outbox.settle(second, Outcome.UNREACHABLE)
    assert Webhook.objects.get().disabled_at is not None
    assert not WebhookEvent.objects.exists()
    deliver(owner.address, raw=messages.plain(received="6"))
    assert not WebhookEvent.objects.exists()
    (shown,) = webhooks.of(owner.mailbox)
    assert shown.is_disabled


def test_a_receiver_that_is_away_for_a_moment_keeps_its_webhook(owner, hook, deliver) -> None:
    Webhook.objects.update(failures=10 * MOST_FAILURES)
    for number in range(2):
        deliver(owner.address, raw=messages.plain(received=str(number)))
        webhook_outbox.settle(take()[0], Outcome.REJECTED)
    webhook = Webhook.objects.get()
    assert webhook.disabled_at is None
    assert webhook.failing_since > clock.now() - FAILING_FOR
    assert WebhookEvent.objects.count() == 2


def test_a_success_ends_the_row_of_failures(owner, hook, deliver) -> None:
    deliver(owner.address)
    Webhook.objects.update(failures=MOST_FAILURES - 1, failing_since=clock.now())
    webhook_outbox.settle(take()[0], Outcome.DELIVERED)
    webhook = Webhook.objects.get()
    assert (webhook.failures, webhook.failing_since) == (0, None)
    assert webhook.last_result == "delivered"
    assert not WebhookEvent.objects.exists()


def test_a_receiver_that_is_gone_is_asked_no_more(owner, hook, deliver) -> None:
    deliver(owner.address)
    webhook_outbox.settle(take()[0], Outcome.GONE)
    assert Webhook.objects.get().disabled_at is not None
    assert not WebhookEvent.objects.exists()


def test_who_was_too_slow_does_not_undo_what_the_next_taker_did(owner, hook, deliver) -> None:
    deliver(owner.address)
    (slow,) = take()
    make_due()
    take()
    lease = WebhookEvent.objects.get().due_at
    for outcome in (Outcome.POSTPONED, Outcome.REJECTED):
        webhook_outbox.settle(slow, outcome)
        assert (WebhookEvent.objects.get().due_at, WebhookEvent.objects.get().attempts) == (
            lease,
            2,
        )


def test_webhooks_that_are_off_note_nothing(owner, hook, deliver, settings) -> None:
    settings.WEBHOOKS = False
    deliver(owner.address)
    assert not WebhookEvent.objects.exists()


def over(count: int, deliver, *, hooks: int) -> None:  # type: ignore[no-untyped-def]
    """Make mailboxes whose time is over, each with a message and so many webhooks."""
    for _ in range(count):
        created = creation.create()
        for _ in range(hooks):
            webhooks.create(created.mailbox, URL)
        deliver(created.address)
    Mailbox.objects.update(ends_at=clock.now() - timedelta(seconds=1))


def test_the_purge_takes_webhooks_along_at_two_statements_a_group(domain, deliver) -> None:
    purging.purge_ended_mailboxes()
    counts = []
    for hooks in (0, 3):
        over(5, deliver, hooks=hooks)
        counts.append(len(statements(lambda: purging._purge_group(clock.now()))))
        for model in (Mailbox, Message, Webhook, WebhookEvent):
            assert not model.objects.exists()
    assert counts[1] - counts[0] == 2


def test_a_large_mailbox_loses_its_webhooks_with_its_first_part(
    owner, hook, deliver, monkeypatch
) -> None:
    monkeypatch.setattr(purging, "PART_MESSAGES", 2)
    monkeypatch.setattr(purging, "POSTGRESQL_SCALE", 1)
    for number in range(5):
        deliver(owner.address, raw=messages.plain(received=str(number)))
    end_by_time(owner)
    purging.purge_ended_mailboxes(0)
    assert Message.objects.count() == 3
    assert not Webhook.objects.exists()
    assert purging.purge_ended_mailboxes().mailboxes == 1
