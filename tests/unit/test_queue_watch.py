"""What the worker reads of Postfix's queue: how many, since when, and nothing that a sender wrote."""

import json
import time
from collections import Counter
from datetime import UTC, datetime

import pytest

from delivery import queue_watch
from delivery.queue_watch import QueueWatch, Seen
from mailboxes.rules import queue_ids
from mailboxes.services import figures, metric_kinds

TRAP = '", "queue_name": "active", "arrival_time": 1, @example.org'


def line(queue: str, arrived: int, sender: str = "a@example.org") -> bytes:
    """A line of postqueue -j, as Postfix 3.7 writes it."""
    return (
        f'{{"queue_name": "{queue}", "queue_id": "4jWDvv378nzJVr", "arrival_time": {arrived}, '
        f'"message_size": 412, "forced_expire": false, "sender": {json.dumps(sender)}, '
        '"recipients": [{"address": "b@tempmail.test", "delay_reason": "no worker"}]}\n'
    ).encode()


@pytest.fixture
def counting(tmp_path):
    before = metric_kinds.store.directory
    metric_kinds.store.use(tmp_path)
    yield
    metric_kinds.store.use(before)


def test_an_empty_queue_has_nothing_and_no_oldest():
    assert queue_watch.count([]) == Seen(Counter(), 0)


def test_messages_are_counted_by_queue_and_the_oldest_is_found():
    lines = [line("active", 300), line("deferred", 100), line("deferred", 200)]
    assert queue_watch.count(lines) == Seen(Counter(deferred=2, active=1), 100)


def test_nothing_that_a_sender_wrote_is_read():
    lines = [line("active", 300, TRAP), b"postqueue: fatal: nothing\n", b"\xff" * 100, b"{}\n"]
    assert queue_watch.count(lines) == Seen(Counter(active=1), 300)


def test_what_was_seen_can_be_asked_for(counting):
    queue_watch.publish(Seen(Counter(deferred=2, active=1), int(time.time()) - 60))
    seen = figures.queue()
    assert seen is not None
    assert (seen.depth, seen.messages["hold"], seen.messages["deferred"]) == (3, 0, 2)
    assert 59 < seen.oldest < 100
    queue_watch.publish(Seen(Counter(), 0))
    seen = figures.queue()
    assert seen is not None
    assert (seen.depth, seen.oldest) == (0, 0)


def test_a_failing_postqueue_is_an_error_and_says_nothing(tmp_path, monkeypatch):
    (tmp_path / "postqueue").write_text("#!/bin/sh\nexit 69\n")
    (tmp_path / "postqueue").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(queue_watch.subprocess.SubprocessError):
        QueueWatch(tmp_path).look()


def test_a_postqueue_that_hangs_is_ended(tmp_path, monkeypatch):
    (tmp_path / "postqueue").write_text("#!/bin/sh\nexec /bin/sleep 600\n")
    (tmp_path / "postqueue").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(queue_watch, "PATIENCE", 0.1)
    with pytest.raises(queue_watch.subprocess.SubprocessError):
        QueueWatch(tmp_path).look()


def test_a_queue_id_says_when_the_message_came():
    # from the log of a Postfix 3.7: Nov 20 09:37:21 (UTC) 4jWDvv378nzJVr
    arrived = queue_ids.arrived_at("4jWDvv378nzJVr")
    assert arrived is not None
    moment = datetime.fromtimestamp(arrived, UTC)
    assert (moment.year, moment.month) == (2026, 11)


@pytest.mark.parametrize(
    "queue_id",
    [
        *("", "unknown", "4TestQueueId", "3F2A91C0B7", "z", "zzzzzzzzzz", "4jWDvv378nz"),
        *("4jWDvvé78nzJVr", "a" * 500 + "z1", "4jWDvvzzzzzJVr"),
    ],
)
def test_an_id_that_names_no_time_gives_none(queue_id):
    assert queue_ids.arrived_at(queue_id) is None
