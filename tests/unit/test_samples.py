"""The numbers of each minute, and what charts make of them."""

import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import OperationalError
from redis.exceptions import ConnectionError as RedisAway

from mailboxes.services import figures, metric_kinds, metrics, samples
from mailboxes.services.samples import Point, Sample

START = datetime(2026, 11, 20, 12, tzinfo=UTC)


class Redis:
    """A list in memory, with the commands that are used."""

    def __init__(self) -> None:
        self.list: list[bytes] = []
        self.answers: list[Any] = []

    def __enter__(self) -> "Redis":
        return self

    def __exit__(self, *_: object) -> None:
        self.answers.clear()

    def pipeline(self) -> "Redis":
        return self

    def lpush(self, key: str, line: str) -> None:
        self.list.insert(0, line.encode())

    def ltrim(self, key: str, first: int, last: int) -> None:
        self.list = self.list[first : last + 1]

    def expire(self, key: str, seconds: int) -> None:
        assert seconds == 86_400

    def llen(self, key: str) -> None:
        self.answers.append(len(self.list))

    def execute(self) -> list[Any]:
        return list(self.answers)

    def lrange(self, key: str, first: int, last: int) -> list[bytes]:
        return self.list[first : last + 1]


@pytest.fixture
def redis(monkeypatch) -> Redis:
    kept = Redis()
    monkeypatch.setattr(samples, "_client", lambda: kept)
    return kept


@pytest.fixture(autouse=True)
def counting(tmp_path):
    before = metric_kinds.store.directory
    metric_kinds.store.use(tmp_path)
    figures.forget()
    yield
    metric_kinds.store.use(before)
    figures.forget()


def sample(minute: float, **values: float) -> Sample:
    return Sample(START + timedelta(minutes=minute), values)


@pytest.mark.django_db
def test_a_sample_has_every_total_and_what_is_known_of_the_rest(redis, owner, deliver):
    deliver(owner.address)
    metrics.RCPT.add(5, result="unknown")
    metrics.INGEST_MESSAGES.add(2, result="database")
    metrics.INGEST_MESSAGES.add(result="truncated")
    metrics.HTTP_SECONDS.observe(0.1, route="web:home", status="200")
    metrics.HTTP_SECONDS.observe(0.1, route="web:home", status="503")
    metrics.CAPTCHAS.add(kind="altcha", result="passed")
    metrics.CAPTCHAS.add(kind="question", result="passed")
    assert samples.take() == 1
    (taken,) = samples.last(5)
    assert set(samples.TOTALS) <= set(taken.values)
    assert set(taken.values) <= {*samples.TOTALS, *samples.GAUGES}
    expected = {
        "recipients_stored": 1,
        "messages_deferred": 3,
        "rcpt_unknown": 5,
        "requests": 2,
        "requests_failed": 1,
        "captcha_passed": 2,
        "mailboxes": 1,
        "messages": 1,
    }
    assert {name: taken.values[name] for name in expected} == expected
    assert "queue" not in taken.values  # nobody has looked
    assert abs(taken.at.timestamp() - time.time()) < 60


@pytest.mark.django_db
def test_there_is_a_day_of_them_at_most(redis):
    redis.list = [b'{"at": 1.0}'] * samples.MINUTES
    assert samples.take() == samples.MINUTES
    assert len(samples.last(samples.MINUTES)) == 1  # the others are older than that


@pytest.mark.django_db
def test_the_oldest_comes_first(redis):
    metrics.CREATED.add()
    samples.take()
    metrics.CREATED.add()
    samples.take()
    assert [one.values["created"] for one in samples.last()] == [1, 2]


@pytest.mark.django_db
def test_without_the_database_the_totals_are_kept(redis, monkeypatch):
    def away() -> None:
        raise OperationalError

    monkeypatch.setattr(figures, "stored", away)
    samples.take()
    (taken,) = samples.last()
    assert "mailboxes" not in taken.values
    assert taken.values["created"] == 0


@pytest.mark.django_db
def test_without_redis_there_are_none(monkeypatch):
    def away() -> None:
        raise RedisAway

    monkeypatch.setattr(samples, "_client", away)
    assert samples.take() == 0
    assert samples.last() == []


def test_what_came_in_a_minute_is_the_difference():
    points = samples.per_minute(
        [sample(0, a=5, b=1), sample(2, a=9, b=3), sample(3, a=9)], "a", "b"
    )
    assert [point.value for point in points] == [3.0, 0.0]
    assert points[0].at == START + timedelta(minutes=2)


def test_after_a_restart_all_that_there_is_came_since():
    points = samples.per_minute([sample(0, a=100), sample(1, a=7)], "a")
    assert [point.value for point in points] == [7.0]


def test_a_mean_of_nothing_is_not_known():
    taken = [sample(0, s=1, n=1), sample(1, s=1, n=1), sample(2, s=4, n=3)]
    assert [point.value for point in samples.means(taken, "s", "n")] == [None, 1.5]


def test_a_level_that_is_missing_is_not_known():
    points = samples.levels([sample(0, queue=3), sample(1)], "queue")
    assert points == [Point(START, 3), Point(START + timedelta(minutes=1), None)]


def test_no_samples_make_no_chart():
    assert (
        samples.per_minute([], "a") == samples.means([], "s", "n") == samples.levels([], "a") == []
    )


def test_a_figure_is_asked_for_once_by_those_who_want_it_at_once():
    asked = []

    @figures.kept(60)
    def slow() -> int:
        asked.append(1)
        time.sleep(0.05)
        return len(asked)

    answers: list[int] = []
    threads = [threading.Thread(target=lambda: answers.append(slow())) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [1] * 5


def test_what_was_slow_is_kept_longer():
    asked = []

    @figures.kept(0)
    def slow(number: int) -> int:
        asked.append(number)
        time.sleep(0.05)  # so for a second
        return number

    assert [slow(1), slow(1), slow(2), slow(1)] == [1, 1, 2, 1]
    assert asked == [1, 2]


def test_a_failure_is_not_kept():
    results = iter([OperationalError, 5])

    @figures.kept(60)
    def flaky() -> int:
        result = next(results)
        if result is OperationalError:
            raise OperationalError
        return int(str(result))

    with pytest.raises(OperationalError):
        flaky()
    assert flaky() == 5


def ages(minute: float, *seconds: float) -> Sample:
    within = {
        name: float(sum(each <= bound for each in seconds))
        for bound, name in samples.AGE_WITHIN.items()
    }
    return sample(minute, age_count=len(seconds), **within)


def test_a_share_of_the_mail_was_stored_within_the_bound_of_its_bucket():
    before, after = ages(0), ages(1, *[0.02] * 90, *[4.0] * 10)
    (half,) = samples.age_quantiles([before, after], 0.5)
    (most,) = samples.age_quantiles([before, after], 0.95)
    assert (half.at, half.value) == (after.at, pytest.approx(0.01 + 0.015 * 50 / 90))
    assert most.value == pytest.approx(2.5 + 2.5 * 5 / 10)


def test_only_what_came_between_two_samples_counts():
    early, late = ages(0, 4.0, 4.0), ages(1, 4.0, 4.0, 0.005)
    (point,) = samples.age_quantiles([early, late], 0.95)
    assert point.value == pytest.approx(0.0095)


def test_of_no_mail_there_is_no_share_and_beyond_the_last_bound_it_is_that():
    nothing, late = ages(0), ages(1, 1e6)
    assert samples.age_quantiles([nothing, nothing], 0.95) == [Point(START, None)]
    assert samples.age_quantiles([nothing, late], 0.95) == [Point(late.at, 86_400.0)]


@pytest.mark.django_db
def test_what_was_measured_is_in_the_sample(redis):
    for seconds in (0.004, 0.04, 40.0):
        metrics.INGEST_AGE.observe(seconds)
    samples.take()
    (taken,) = samples.last()
    counted = [taken.values[samples.AGE_WITHIN[bound]] for bound in (0.01, 0.05, 30.0, 60.0)]
    assert counted == [1, 2, 2, 3]
