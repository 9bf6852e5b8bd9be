"""The dashboard: charts from what samples say, empty before there are any, and right when something is away."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError

from mailboxes.admin import charts, units
from mailboxes.services import figures, samples
from mailboxes.services.samples import Point, Sample
from tests.unit import admin_pages
from tests.unit.operators import client_of

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)


def points(*values):
    return [Point(AT + timedelta(minutes=n), value) for n, value in enumerate(values)]


def drawn(*values):
    return charts.draw("Mail", str, [("stored", points(*values))])


def places(path):
    return [tuple(map(float, each.split())) for each in re.findall(r"[\d.]+ [\d.]+", path)]


# --- charts ---


def test_a_line_goes_from_edge_to_edge_below_a_round_top():
    chart = drawn(0, 7, 3.5)
    (line,) = chart.lines
    assert chart.top == "10.0"
    assert places(line.path) == [(0, 120), (300, 36), (600, 78)]
    assert (line.last, line.highest) == ("3.5", "7.0")


def test_what_is_not_known_is_a_gap_and_not_nothing():
    (line,) = drawn(5, 5, None, 5, 5).lines
    assert line.path.count("M") == 2
    assert "120" not in line.path


def test_where_no_sample_was_taken_nothing_is_drawn():
    early, late = points(5, 5), [Point(p.at + timedelta(hours=1), p.value) for p in points(5, 5)]
    (line,) = charts.draw("Mail", str, [("stored", early + late)]).lines
    assert line.path.count("M") == 2


@pytest.mark.parametrize("values", [(), (None,), (None, None)])
def test_without_a_number_there_is_no_line(values):
    assert drawn(*values).lines == ()


@pytest.mark.parametrize("values", [(0,), (0, 0), (1e-9, 0), (1e15,), (0.1, 0.2, 0.3)])
def test_every_line_stays_inside(values):
    for line in drawn(*values).lines:
        assert all(0 <= x <= 600 and 0 <= y <= 120 for x, y in places(line.path))


def test_a_day_is_thinned_and_keeps_its_mean():
    chart = drawn(*([2.0, 4.0] * 720))
    (line,) = chart.lines
    assert len(places(line.path)) <= 180
    assert line.last == "3.0"


def test_series_that_are_nothing_are_left_out_beside_others():
    series = [(name, points(value, value)) for name, value in (("a", 0), ("b", 2), ("c", 0))]
    assert [line.name for line in charts.draw("x", str, series).lines] == ["b"]
    assert [line.name for line in charts.draw("x", str, series[:1]).lines] == ["a"]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0, "none"),
        (0.0042, "4.2 ms"),
        (0.25, "250 ms"),
        (4.2, "4.2 s"),
        (65, "65 s"),
        (600, "10 min"),
        (86400, "24 h"),
    ],
)
def test_times_are_said_in_a_fitting_unit(value, words):
    assert units.seconds(value) == words


# --- the page ---

pytestmark = pytest.mark.django_db


@pytest.fixture
def taken(monkeypatch):
    """Some samples, and what was asked for."""
    asked = []
    names = (*samples.TOTALS, *samples.GAUGES)
    made = [Sample(AT + timedelta(minutes=n), dict.fromkeys(names, 10.0 * n)) for n in range(30)]
    monkeypatch.setattr(samples, "last", lambda minutes: asked.append(minutes) or made)
    figures.forget()
    return asked


def page(client, query=""):
    answer = client.get(f"/admin/{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def test_before_there_are_numbers_it_says_so(db):
    figures.forget()
    text = page(client_of("read-only"))
    assert text.count("Nothing yet: a number is taken every minute.") == 10
    assert 'class="line' not in text
    assert "None" not in re.sub(r"<[^>]*>", " ", text)


def test_it_draws_ten_charts_without_a_script_or_a_style(taken):
    text = page(client_of("read-only"))
    assert text.count('class="chart"') == 10
    assert text.count('class="line line-1" d="M0') == 10
    assert "<script" not in text
    assert " style=" not in text
    assert taken == [60]


def test_every_number_that_is_drawn_is_one_that_is_taken(monkeypatch):
    asked = set()

    class Noting(dict):
        def get(self, name, default=None):
            asked.add(name)
            return default

    made = [Sample(AT + timedelta(minutes=n), Noting()) for n in range(2)]
    monkeypatch.setattr(samples, "last", lambda minutes: made)
    page(client_of("read-only"))
    assert asked <= {*samples.TOTALS, *samples.GAUGES}
    assert len(asked) > 20


@pytest.mark.parametrize(
    ("query", "minutes"),
    [
        ("?minutes=360", 360),
        ("?minutes=1440", 1440),
        ("?minutes=999999", 60),
        ("?minutes=-1", 60),
        ("?minutes=x&y=1", 60),
    ],
)
def test_the_time_shown_is_one_of_three(taken, query, minutes):
    page(client_of("read-only"), query)
    assert taken == [minutes]


def test_what_cannot_be_had_is_left_out(taken, monkeypatch):
    def away(*arguments):
        raise DatabaseError

    for name in ("stored", "overdue", "top_domains", "canary", "database_bytes"):
        monkeypatch.setattr(figures, name, away)
    monkeypatch.setattr(figures, "database", lambda: figures.Probe(False, 2.0))
    text = page(client_of("operator"))
    assert "away" in text
    assert "Living mailboxes</span>" not in text


def test_it_shows_what_lives_and_what_waits_to_those_who_may_act(owner, taken):
    admin_pages.fill(owner.address)
    figures.forget()
    operator, looker = page(client_of("operator")), page(client_of("read-only"))
    for text in (operator, looker):
        assert re.search(r'Living mailboxes</span> <span class="tile-value">1<', text)
        assert "tempmail.test" in text
        assert re.search(r'Open reports</span> <span class="tile-value">1<', text)
    assert "Mail to the operator</span>" in operator
    assert "Mail to the operator</span>" not in looker
    assert "/admin/pause/" in operator
    assert "/admin/pause/" not in looker
    assert "/admin/find/" not in looker
