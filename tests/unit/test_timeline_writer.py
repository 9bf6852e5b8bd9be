"""The timeline is written beside the mail path: it holds up nobody, has bounds, and knows no strangers."""

import socket
import threading
from collections.abc import Collection, Sequence
from pathlib import Path

import pytest
from django.db import OperationalError
from django.db.models import F
from django.test import override_settings

from mailboxes.models.mailboxes import Mailbox
from mailboxes.services import clock, timeline, timeline_store, timeline_writer
from mailboxes.services.timeline_store import Line
from mailboxes.services.timeline_writer import MAX_WAITING, Event, Writer
from tests.unit.standing_clock import Clock

GUESSED = "nobody-has-this@tempmail.test"


class Kept:
    """Where lines go instead of Redis."""

    def __init__(self) -> None:
        self.lines: list[Line] = []

    def __call__(self, lines: Sequence[Line]) -> None:
        self.lines += lines

    @property
    def texts(self) -> list[bytes]:
        return [line for _, _, line in self.lines]


def event(recipient: str | bytes, line: bytes = b"x", *, is_proven: bool = False) -> Event:
    return Event(recipient, 1.0, line, is_proven)


def test_events_of_living_mailboxes_are_written_and_none_of_a_stranger(owner) -> None:
    kept = Kept()
    writer = Writer(kept)
    for recipient in (owner.address, GUESSED, owner.address.upper(), "a b@tempmail.test", "", "@"):
        writer.put(event(recipient))
    writer.write()
    digest = bytes(owner.mailbox.address_digest)
    assert kept.lines == [(digest, 1.0, b"x")] * 2


def test_mail_of_the_operators_has_no_timeline(domain) -> None:
    kept = Kept()
    writer = Writer(kept)
    writer.put(event("postmaster@tempmail.test", is_proven=True))
    writer.write()
    assert kept.lines == []


def test_a_frozen_or_ended_mailbox_is_a_stranger(owner, stranger) -> None:
    Mailbox.objects.filter(pk=owner.mailbox.pk).update(frozen_at=clock.now())
    Mailbox.objects.filter(pk=stranger.mailbox.pk).update(ends_at=F("created_at"))
    kept = Kept()
    writer = Writer(kept)
    for one in (owner, stranger):
        writer.put(event(one.address))
    writer.write()
    assert kept.lines == []


def test_many_unproven_events_cost_one_query_a_second(
    owner, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries
) -> None:
    standing, kept = Clock(), Kept()
    monkeypatch.setattr(timeline_writer.time, "monotonic", standing)
    writer = Writer(kept)
    for number in range(100):
        writer.put(event(f"guess{number}@tempmail.test"))
    writer.put(event(owner.address))
    with django_assert_num_queries(1):
        writer.write()
    writer.put(event(owner.address))
    with django_assert_num_queries(0):
        writer.write()
    assert len(kept.lines) == 1
    standing.now += timeline_writer.PROVE
    with django_assert_num_queries(1):
        writer.write()
    assert len(kept.lines) == 2


def test_what_cannot_be_proven_now_is_written_when_the_database_is_back(
    owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timeline_writer, "PROVE", 0.0)
    kept, is_away = Kept(), [True]

    def exist(digests: Collection[bytes]) -> set[bytes]:
        if is_away[0]:
            raise OperationalError
        return set(digests)

    writer = Writer(kept, exist)
    writer.put(event(owner.address, b"unproven"))
    writer.put(event(owner.address, b"proven", is_proven=True))
    writer.write()
    assert kept.texts == [b"proven"]
    is_away[0] = False
    writer.write()
    assert kept.texts == [b"proven", b"unproven"]


def test_of_too_many_events_the_oldest_are_dropped() -> None:
    kept = Kept()
    writer = Writer(kept)
    for number in range(MAX_WAITING + 500):
        writer.put(event(b"d" * 16, str(number).encode(), is_proven=True))
    writer.write()
    assert kept.texts == [str(number).encode() for number in range(500, MAX_WAITING + 500)]


def test_the_thread_goes_on_after_a_failure_and_logs_it_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(timeline_writer, "PAUSE", 0.0)
    monkeypatch.setattr(timeline_writer, "GATHER", 0.0)
    written, attempts = threading.Event(), []

    def append(lines: Sequence[Line]) -> None:
        attempts.append(lines)
        if len(attempts) < 3:
            raise OSError("secret@tempmail.test")
        written.set()

    writer = Writer(append)
    writer.start()
    while not written.wait(0.01):
        writer.put(event(b"d" * 16, is_proven=True))
    assert caplog.text.count("the timeline cannot be written") == 1
    assert "secret" not in caplog.text


def test_a_redis_that_hangs_holds_up_nobody(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """It takes the connection and says nothing; whoever waited for it would wait for a minute."""
    path = tmp_path / "redis.sock"
    with socket.socket(socket.AF_UNIX) as silent, override_settings(REDIS_URL=f"unix://{path}"):
        silent.bind(str(path))
        silent.listen()
        client = timeline_store._client()
        monkeypatch.setitem(client.connection_pool.connection_kwargs, "socket_timeout", 60)
        writer = Writer()
        monkeypatch.setattr(timeline, "_writer", writer)
        writer.start()
        asked = threading.Thread(target=ask_many, daemon=True)
        asked.start()
        silent.settimeout(20)
        taken, _ = silent.accept()  # the writer waits now
        with taken:
            asked.join(20)
            assert not asked.is_alive()
            ask_many()


def ask_many() -> None:
    for _ in range(2 * MAX_WAITING):
        timeline.asked("somebody@tempmail.test", None, tls="", size=0)
        timeline.delivered([b"d" * 16], timeline.Kind.STORED, "q", size=1, took=0.0)


def test_nothing_is_written_while_redis_is_half_full(monkeypatch: pytest.MonkeyPatch) -> None:
    """With volatile-ttl it would push out counts of limits and marks of solved CAPTCHAs."""
    standing = Clock()
    monkeypatch.setattr(timeline_store.time, "monotonic", standing)
    memory = {"used_memory": 600, "maxmemory": 1000}

    class Full:
        def info(self, _section: str) -> dict[str, int]:
            return memory

    monkeypatch.setattr(timeline_store, "_client", Full)
    room = timeline_store._Room()
    assert not room.is_there()
    memory["used_memory"] = 400
    assert not room.is_there()  # it looks now and then only
    standing.now += 60
    assert room.is_there()
    memory |= {"used_memory": 10**12, "maxmemory": 0}  # no limit is set
    standing.now += 60
    assert room.is_there()
