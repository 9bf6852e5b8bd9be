"""/metrics: who may read it, what stands there, and what it costs."""

import json
import os
import threading
import time
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import OperationalError, ProgrammingError
from django.test import Client, override_settings
from django.utils import timezone

from mailboxes.models.mailboxes import Mailbox
from mailboxes.models.records import CanaryRun
from mailboxes.services import figures, intake, metric_kinds, metrics
from mailboxes.services.parcels import Envelope
from tests import messages

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def counting(tmp_path):
    """Count here, from nothing; figures are asked anew."""
    before = metric_kinds.store.directory
    metric_kinds.store.use(tmp_path)
    figures.forget()
    yield
    metric_kinds.store.use(before)
    figures.forget()


def page(**headers: str) -> str:
    response = Client().get("/metrics", **headers)
    assert response.status_code == 200
    return response.content.decode()


def number(name: str) -> float:
    """Return the value of a sample by what stands before it on its line."""
    (line,) = [line for line in page().splitlines() if line.startswith(name + " ")]
    return float(line.rpartition(" ")[2])


@pytest.mark.parametrize("peer", ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"])
def test_a_program_on_this_host_may_read_it(peer):
    assert "tempmail_up" in page(REMOTE_ADDR=peer)


@pytest.mark.parametrize(
    ("peer", "headers"),
    [
        ("198.51.100.7", {}),
        ("198.51.100.7", {"HTTP_X_FORWARDED_FOR": "127.0.0.1"}),
        ("::ffff:198.51.100.7", {}),
        ("", {}),
        ("localhost", {}),
        ("127.0.0.1", {"HTTP_X_FORWARDED_FOR": "127.0.0.1"}),
        ("127.0.0.1", {"HTTP_X_FORWARDED_FOR": ""}),
        ("127.0.0.1", {"HTTP_FORWARDED": "for=127.0.0.1"}),
        ("127.0.0.1", {"HTTP_X_REAL_IP": "127.0.0.1"}),
    ],
)
def test_to_all_others_there_is_no_such_page(peer, headers):
    with override_settings(TRUSTED_PROXIES=["127.0.0.1", "198.51.100.7", "unix"]):
        answer = Client().get("/metrics", REMOTE_ADDR=peer, **headers)
        nothing = Client().get("/nothing", REMOTE_ADDR=peer, **headers)
    assert answer.status_code == nothing.status_code == 404
    assert b"tempmail_" not in answer.content


@override_settings(METRICS_TOKEN="a-token-of-ours")
def test_where_there_is_a_token_it_alone_opens():
    from_afar = {"REMOTE_ADDR": "198.51.100.7"}
    assert "tempmail_up" in page(HTTP_AUTHORIZATION="Bearer a-token-of-ours", **from_afar)
    for wrong in (
        "Bearer a-token-of-theirs",
        "a-token-of-ours",
        "Basic a-token-of-ours",
        "Bearer é",
    ):
        answer = Client().get("/metrics", HTTP_AUTHORIZATION=wrong, **from_afar)
        assert answer.status_code == 404
    assert Client().get("/metrics", REMOTE_ADDR="127.0.0.1").status_code == 404


def test_what_lives_is_counted(owner, stranger, deliver):
    deliver(owner.address)
    deliver(owner.address, raw=messages.PLAIN + b"more\r\n", queue_id="4TestQueueOd")
    size = 2 * len(messages.PLAIN) + 6
    Mailbox.objects.filter(pk=stranger.mailbox.pk).update(
        ends_at=timezone.now() - timedelta(minutes=2)
    )
    assert number("tempmail_mailboxes_live") == 1
    assert number("tempmail_messages_stored") == 2
    assert number("tempmail_messages_stored_bytes") == size
    assert number("tempmail_purge_overdue_mailboxes") == 1
    assert 119 < number("tempmail_purge_lag_seconds") < 180


def test_a_delivery_is_counted_once_with_its_size_and_results(owner, deliver):
    for _ in range(2):
        deliver(owner.address, "gone@tempmail.test", "abuse@tempmail.test")
    assert number('tempmail_ingest_messages_total{result="committed"}') == 2
    for result, count in {"stored": 1, "duplicate": 1, "gone": 2, "operator": 2}.items():
        assert number(f'tempmail_ingest_recipients_total{{result="{result}"}}') == count
    assert number("tempmail_ingest_bytes_total") == 2 * len(messages.PLAIN)
    assert number("tempmail_ingest_duration_seconds_count") == 2
    assert number("tempmail_ingest_age_seconds_count") == 0  # that queue id names no time


def test_counting_a_delivery_costs_a_few_small_writes_and_no_statement(
    owner, deliver, monkeypatch, django_assert_num_queries
):
    deliver(owner.address, queue_id="4jWDvv378nzJVr")
    written: list[bytes] = []
    real = os.pwrite

    def write(descriptor: int, data: bytes, place: int) -> int:
        written.append(data)
        return real(descriptor, data, place)

    monkeypatch.setattr(os, "pwrite", write)
    envelope = Envelope("4jWDvv378nzJVr", "sender@example.org", (owner.address,))
    again = intake.prepare(envelope, messages.PLAIN + b"again\r\n")
    with django_assert_num_queries(0):
        intake._count(again, [intake.Outcome.STORED])
    values = [data for data in written if len(data) == 16]
    assert len(values) == 7
    # each new bucket of the two measurements has to be given its place, once
    assert len(written) <= 7 + 2 * 2


def test_nothing_of_a_mail_or_a_visitor_stands_there(owner, deliver):
    deliver(owner.address, "somebody@tempmail.test")
    Client().get(f"/m/{owner.mailbox.public_id}/", REMOTE_ADDR="198.51.100.7")
    Client().get("/captcha/nothing?from=198.51.100.7", headers={"User-Agent": "Some Agent"})
    text = page()
    for secret in (
        *(owner.address, owner.token, owner.mailbox.public_id, "somebody", "sender@example.org"),
        *("198.51.100", "127.0.0.1", "Some Agent", "tempmail.test", "captcha/nothing"),
    ):
        assert secret not in text


def test_each_figure_costs_one_query_and_then_none_for_seconds(owner, django_assert_num_queries):
    page()
    with django_assert_num_queries(
        0
    ):  # but one in a thread of its own: whether the database answers
        page()
    figures.forget()
    # what lives, what is over, the last trial and the time to look back from, the size
    with django_assert_num_queries(5):
        page()


def test_without_the_database_it_still_answers_and_says_so(monkeypatch):
    def away(*_: object) -> None:
        raise OperationalError

    monkeypatch.setattr(figures, "_ask_database", away)
    metrics.CREATED.add(3)
    assert number('tempmail_up{server="database"}') == 0
    assert number("tempmail_figures_failed") == 4
    assert number("tempmail_mailboxes_created_total") == 3


def test_a_database_that_hangs_holds_up_nobody_and_counts_as_away(monkeypatch):
    asked, end = [], threading.Event()

    def hang() -> None:
        asked.append(1)
        end.wait(60)

    monkeypatch.setattr(figures, "_PATIENCE", 0.05)
    monkeypatch.setattr(figures, "_ask_database", hang)
    assert [figures.database().is_up for _ in range(3)] == [False] * 3
    assert asked == [1]  # who hangs is not asked again
    monkeypatch.setattr(figures, "_PATIENCE", 30.0)
    end.set()
    assert figures.database().is_up


def test_one_figure_that_cannot_be_asked_for_hides_no_other(monkeypatch):
    def broken() -> None:
        raise ProgrammingError

    monkeypatch.setattr(figures, "canary", broken)
    assert number("tempmail_figures_failed") == 1
    assert number("tempmail_mailboxes_live") == 0


def test_postfixs_own_sums_are_there_by_reason(tmp_path):
    sums = {
        "connects": 9,
        "rejected:unknown:550 5.1.1": 5,
        "rejected:other:4xx": 2,
        "rejected:other:5xx": 1,
        "deliveries:deferred": 4,
        "complaints:fatal": 1,
        "outbound": 2,
    }
    (tmp_path / figures.MAIL_COUNTS).write_text(json.dumps(sums))
    with override_settings(DATA_DIR=tmp_path):
        assert figures.rejects() == {"unknown": 5, "other": 3}
        assert number('tempmail_postfix_rejects_total{reason="unknown"}') == 5
        assert number('tempmail_postfix_rejects_total{reason="other"}') == 3
        assert number('tempmail_postfix_deliveries_total{status="deferred"}') == 4
        assert number('tempmail_postfix_complaints_total{level="fatal"}') == 1
        assert number("tempmail_postfix_connects_total") == 9
        assert number("tempmail_outbound_attempts_total") == 2
        assert abs(number("tempmail_postfix_counted_timestamp_seconds") - time.time()) < 60
    assert number("tempmail_outbound_attempts_total") == 0


def test_the_last_own_mail_is_shown():
    for minutes, state in ((9, "passed"), (4, "running"), (1, "failed")):
        CanaryRun.objects.create(
            id=f"00000000-0000-0000-0000-00000000000{minutes}",
            started_at=timezone.now() - timedelta(minutes=minutes),
            state=state,
            delivery_ms=minutes * 100,
        )
    assert number("tempmail_canary_last_round_trip_seconds") == 0.4
    assert 230 < time.time() - number("tempmail_canary_last_arrival_timestamp_seconds") < 300


def test_a_queue_that_nobody_looked_at_lately_is_not_known():
    assert figures.queue() is None
    metrics.QUEUE_MESSAGES.set(3, queue="deferred")
    metrics.QUEUE_OLDEST.set(40.0)
    metrics.QUEUE_SEEN.set(time.time())
    seen = figures.queue()
    assert seen is not None
    assert (seen.depth, seen.messages["deferred"], seen.oldest) == (3, 3, 40.0)
    metrics.QUEUE_SEEN.set(time.time() - 400)
    assert figures.queue() is None


def test_requests_are_counted_by_route_and_never_by_path(owner):
    Client().get("/")
    Client().get(f"/m/{owner.mailbox.public_id}/")
    Client().get("/wp-login.php")
    name = "tempmail_http_request_duration_seconds_count"
    assert number(f'{name}{{route="web:home",status="200"}}') == 1
    assert number(f'{name}{{route="web:inbox",status="404"}}') == 1
    assert number(f'{name}{{route="none",status="404"}}') == 1


def test_the_directory_is_of_this_instance():
    assert settings.METRICS_DIRECTORY == settings.STATE_DIR / "metrics"
