"""Telling the tasks: never in the way of a delivery, whatever the broker does."""

import threading

import pytest
from celery import Celery

from mailboxes import tasks
from mailboxes.models.webhooks import WebhookEvent
from mailboxes.services import webhook_nudge, webhooks
from mailboxes.services.intake import Outcome


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    """Replace what is done with a nudge; as if no thread had been started yet."""

    def replace(publish) -> None:  # type: ignore[no-untyped-def]
        monkeypatch.setattr(webhook_nudge, "_publish", publish)
        monkeypatch.setattr(webhook_nudge, "_wanted", threading.Event())
        monkeypatch.setattr(webhook_nudge, "_thread", None)
        for name in ("_PAUSE", "_PAUSE_WHEN_AWAY"):
            monkeypatch.setattr(webhook_nudge, name, 0.01)

    return replace


def test_a_nudge_is_published_by_another_thread(published) -> None:
    threads, done = [], threading.Event()

    def publish() -> None:
        threads.append(threading.current_thread())
        done.set()

    published(publish)
    webhook_nudge.nudge()
    assert done.wait(30)
    assert threads[0] is not threading.main_thread()
    assert threads[0].daemon


def test_many_at_once_are_one_or_two_and_the_last_is_never_lost(published) -> None:
    going_on, go_on, count = threading.Event(), threading.Event(), []

    def publish() -> None:
        count.append(1)
        going_on.set()
        go_on.wait(30)

    published(publish)
    webhook_nudge.nudge()
    assert going_on.wait(30)
    going_on.clear()
    for _ in range(1000):
        webhook_nudge.nudge()
    go_on.set()
    assert going_on.wait(30)
    assert len(count) == 2


def test_a_broker_that_is_away_is_tried_again_at_the_next_nudge(published) -> None:
    done, calls = threading.Event(), []

    def publish() -> None:
        calls.append(1)
        if len(calls) == 1:
            raise ConnectionError("away")
        done.set()

    published(publish)
    while not done.wait(0.05):
        webhook_nudge.nudge()
    assert len(calls) >= 2


@pytest.mark.django_db(transaction=True)
def test_a_broker_that_hangs_or_is_away_delays_no_delivery(owner, deliver, published) -> None:
    hangs = threading.Event()
    published(lambda: hangs.wait(60))
    webhooks.create(owner.mailbox, "https://receiver.example/")
    try:
        assert deliver(owner.address) == [Outcome.STORED]
        assert WebhookEvent.objects.count() == 1
        assert not hangs.is_set()
    finally:
        hangs.set()


def test_it_names_the_task_that_there_is() -> None:
    assert tasks.send_webhooks.name == webhook_nudge.TASK


def test_the_client_of_the_broker_is_one_of_its_own(settings) -> None:
    webhook_nudge._client.cache_clear()
    client = webhook_nudge._client()
    assert isinstance(client, Celery)
    assert client.conf.broker_url == settings.CELERY_BROKER_URL
    assert client.conf.broker_transport_options["socket_timeout"] <= 2
