"""The canary: what it finds when all is well, and that it finds what is not. The mail server is played here."""

import time
from datetime import timedelta

import pytest

from mailboxes.models.mailboxes import Mailbox
from mailboxes.models.messages import Message, MessageSource
from mailboxes.models.records import CanaryRun, PurgeRecord
from mailboxes.rules import sealing
from mailboxes.services import canary, canary_mail, clock, keys, purging, recipients, retention
from mailboxes.services.recipients import RecipientStatus

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("domain", "mail_server")]

Reason = CanaryRun.Reason


class MailServer:
    """Delivers at once and answers RCPT by the rules; `answer` overrides."""

    def __init__(self, deliver) -> None:  # type: ignore[no-untyped-def]
        self.deliver = deliver
        self.answer: int | None = 0

    def send(self, message, recipient, deadline):
        self.deliver(recipient, raw=message.as_bytes())
        return time.monotonic()

    def answer_to(self, recipient, deadline):
        if self.answer != 0:
            return self.answer
        return 250 if recipients.recipient_status(recipient) == RecipientStatus.ACCEPTED else 550


@pytest.fixture
def mail_server(monkeypatch, deliver):
    server = MailServer(deliver)
    monkeypatch.setattr(canary_mail, "send", server.send)
    monkeypatch.setattr(canary_mail, "answer_to", server.answer_to)
    return server


@pytest.fixture(autouse=True)
def _short(monkeypatch):
    monkeypatch.setattr(canary, "_ARRIVING", 0.05)


def end(run: CanaryRun, seconds_ago: int = 30) -> None:
    """Let the mailbox of a run have ended."""
    past = clock.now() - timedelta(seconds=seconds_ago)
    Mailbox.objects.update(ends_at=past, expires_at=past)
    CanaryRun.objects.filter(pk=run.pk).update(ends_at=past)


def judged(run: CanaryRun) -> tuple[str, str]:
    """Look back; return the state of a run and its reason."""
    canary.look_back()
    run.refresh_from_db()
    return run.state, run.reason


def test_a_run_measures_the_arrival_and_later_the_purge():
    run = canary.begin()
    assert (run.state, run.reason) == ("running", "")
    assert run.delivery_ms is not None
    assert judged(run)[0] == "running"
    end(run)
    purging.purge_ended_mailboxes()
    assert judged(run) == ("passed", "")
    assert 30_000 <= run.purge_lag_ms < 90_000


def test_the_mailbox_of_a_run_is_a_real_one_with_the_shortest_life():
    run = canary.begin()
    mailbox = Mailbox.objects.get()
    assert (mailbox.expires_at - mailbox.created_at).total_seconds() == 600
    assert run.ends_at == mailbox.ends_at


def test_a_run_holds_neither_address_nor_token_in_clear_and_nothing_when_it_is_done():
    run = canary.begin()
    opened = sealing.unseal(
        keys.operator_private_key(), sealing.Kind.CANARY, run.id.bytes, bytes(run.sealed)
    )
    assert b"tmt_" in opened
    assert b"@tempmail.test" in opened
    row = repr(CanaryRun.objects.values().get()).encode() + bytes(run.sealed)
    assert b"tmt_" not in row
    assert b"tempmail.test" not in row
    end(run)
    purging.purge_ended_mailboxes()
    judged(run)
    assert bytes(run.sealed) == b""


def test_one_that_is_not_purged_yet_is_waited_for_and_then_given_up():
    run = canary.begin()
    end(run, seconds_ago=300)
    assert judged(run) == ("running", "")
    end(run, seconds_ago=601)
    assert judged(run) == ("failed", Reason.STILL_THERE)


def test_no_domain_no_mailbox(domain):
    domain.offered = False
    domain.save()
    assert canary.begin().reason == Reason.NO_MAILBOX


def test_mail_that_is_refused(monkeypatch):
    def refuse(*args):
        raise canary_mail.Refused

    monkeypatch.setattr(canary_mail, "send", refuse)
    assert canary.begin().reason == Reason.REFUSED


def test_mail_that_does_not_come(monkeypatch):
    monkeypatch.setattr(canary_mail, "send", lambda *args: time.monotonic())
    run = canary.begin()
    assert (run.state, run.reason, run.delivery_ms) == ("failed", Reason.LATE, None)
    assert bytes(run.sealed) == b""


def test_mail_that_is_another_one(monkeypatch, mail_server, deliver):
    def send(message, recipient, deadline):
        deliver(recipient)
        return time.monotonic()

    monkeypatch.setattr(canary_mail, "send", send)
    assert canary.begin().reason == Reason.UNREADABLE


@pytest.mark.parametrize(
    ("answer", "after", "result"),
    [
        (250, 30, ("failed", Reason.STILL_ACCEPTED)),
        (451, 30, ("running", "")),
        (None, 30, ("running", "")),
        (451, 700, ("failed", Reason.NO_ANSWER)),
        (None, 700, ("failed", Reason.NO_ANSWER)),
    ],
)
def test_what_the_mail_server_says_after_the_end_counts(mail_server, answer, after, result):
    run = canary.begin()
    end(run, after)
    purging.purge_ended_mailboxes()
    mail_server.answer = answer
    assert judged(run) == result


@pytest.mark.parametrize("left", ["message", "source"])
def test_what_is_left_behind_is_found(left):
    run = canary.begin()
    message, source = Message.objects.get(), MessageSource.objects.get()
    end(run)
    purging.purge_ended_mailboxes()
    other = canary.creation.create().mailbox
    if left == "source":
        MessageSource.objects.bulk_create([source])
    else:
        message.mailbox = other
        Message.objects.bulk_create([message])
    assert judged(run) == ("failed", Reason.LEFT_BEHIND)


def test_a_token_that_still_opens_is_found(monkeypatch):
    run = canary.begin()
    end(run)
    monkeypatch.setattr(canary.reading, "open_by_token", lambda token: None)
    assert judged(run) == ("failed", Reason.STILL_OPENS)


def test_a_run_that_was_stopped_half_way_says_so():
    run = canary.begin()
    CanaryRun.objects.update(delivery_ms=None)
    end(run)
    purging.purge_ended_mailboxes()
    assert judged(run) == ("failed", Reason.INTERRUPTED)


def test_a_purge_without_a_record_is_one_whose_lag_is_unknown():
    run = canary.begin()
    end(run)
    purging.purge_ended_mailboxes()
    PurgeRecord.objects.all().delete()
    assert judged(run) == ("passed", "")
    assert run.purge_lag_ms is None


def test_looking_back_twice_is_once():
    run = canary.begin()
    end(run)
    purging.purge_ended_mailboxes()
    first = judged(run), run.purge_lag_ms
    assert (judged(run), run.purge_lag_ms) == first


def test_runs_go_after_two_days():
    run = canary.begin()
    retention.purge_records()
    assert CanaryRun.objects.exists()
    CanaryRun.objects.filter(pk=run.pk).update(started_at=clock.now() - timedelta(days=2))
    retention.purge_records()
    assert not CanaryRun.objects.exists()
