"""The status page: true figures, an honest empty state, nothing of the trial itself."""

import re
import uuid
from datetime import timedelta

import pytest
from django.db import OperationalError, connection
from django.test import Client

from mailboxes.models.records import CanaryRun
from mailboxes.services import clock, status
from mailboxes.services.status import Figures

pytestmark = pytest.mark.django_db


@pytest.fixture
def run():
    """Note a run; returns it."""

    def make(*, hours: float = 0.1, state: str = "passed", **values) -> CanaryRun:
        started = clock.now() - timedelta(hours=hours)
        return CanaryRun.objects.create(
            id=uuid.uuid4(), started_at=started, ends_at=started, state=state, **values
        )

    return make


def words() -> str:
    page = Client().get("/status").content.decode()
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def test_without_runs_the_page_says_that_it_knows_nothing():
    assert "Nothing was measured in the last 24 hours" in words()
    data = Client().get("/status.json").json()
    assert data["runs"] == 0
    assert data["delivery_ms"] is data["purge_lag_ms"] is data["last"] is None


def test_where_there_are_no_trials_the_page_says_so(settings):
    settings.CANARY_INTERVAL = 0
    assert "turned off the trials" in words()
    settings.CANARY_INTERVAL = 300
    assert "Every 5 minutes this service" in words()


def test_the_figures_are_those_of_the_last_day(run):
    for number in range(1, 101):
        run(delivery_ms=number, purge_lag_ms=number * 1000)
    run(hours=24.1, delivery_ms=9999, purge_lag_ms=9_999_999)
    found = status.last_day()
    assert found.delivery == Figures(count=100, median=50, p95=95, worst=100)
    assert found.purge_lag == Figures(count=100, median=50_500, p95=95_000, worst=100_000)
    assert found.runs == found.passed == 100


def test_one_measurement_is_its_own_median_and_worst(run):
    run(delivery_ms=7)
    assert status.last_day().delivery == Figures(1, 7, 7, 7)


def test_failures_are_counted_and_named(run):
    run(hours=3, delivery_ms=60, purge_lag_ms=30_000)
    run(hours=2, state="failed", reason="late")
    run(hours=1, state="failed", reason="left-behind", delivery_ms=60)
    shown = words()
    assert "The last trial failed. Something was left after the purge." in shown
    assert "The mail did not come in time." in shown
    data = Client().get("/status.json").json()
    assert (data["runs"], data["failed"], data["passed"]) == (3, 2, 1)
    assert data["last"]["reason"] == "left-behind"


def test_a_run_that_has_only_begun_is_not_the_last_result(run):
    run(hours=0.1, state="running", delivery_ms=1200)
    run(hours=0.01, state="running")
    assert "The last mail came. It took 1.2 s." in words()
    assert Client().get("/status.json").json()["running"] == 2


@pytest.mark.parametrize("reason", [reason.value for reason in CanaryRun.Reason])
def test_every_reason_has_words(run, reason):
    run(state="failed", reason=reason)
    assert re.search(r"The last trial failed\. [A-Z][a-z]+ ", words())


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [(0, "0.00 s"), (64, "0.06 s"), (1240, "1.2 s"), (34_000, "34 s"), (300_000, "5 min")],
)
def test_times_are_written_as_exactly_as_they_mean_something(run, milliseconds, text):
    run(delivery_ms=milliseconds)
    assert f"It took {text}" in words()


def test_each_hour_stands_in_the_chart_and_in_the_table(run):
    run(hours=0.5, delivery_ms=50)
    run(hours=5.5, delivery_ms=100, state="failed", reason="left-behind")
    page = Client().get("/status").content.decode()
    assert page.count('class="chart-bar"') == 2
    assert page.count('class="chart-failed"') == 1
    assert 'height="100" rx' in page
    assert 'height="50" rx' in page
    assert page.count('<th scope="row"><time') == 2


def test_pages_may_be_kept_for_some_seconds_and_no_longer(run):
    for path in ("/status", "/status.json"):
        assert Client().get(path)["Cache-Control"] == "max-age=10, public"
        assert not Client().get(path).cookies


def test_nothing_of_the_trial_itself_is_shown(run):
    made = run(state="running", delivery_ms=5, sealed=b"sealed")
    for path in ("/status", "/status.json"):
        assert str(made.id) not in Client().get(path).content.decode()
    assert "sealed" not in Client().get("/status.json").json()["last"]


def test_without_the_database_there_is_no_status(monkeypatch):
    def away(*args, **kwargs):
        raise OperationalError

    monkeypatch.setattr(connection, "cursor", away)
    for path in ("/status", "/status.json"):
        response = Client().get(path)
        assert response.status_code == 503
        assert "public" not in response["Cache-Control"]
