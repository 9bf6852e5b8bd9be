"""The arithmetic of `make bench`: statistics, goals, the results file, the tables."""

import json
from pathlib import Path

import pytest

from tests.benchmarks import figures, mail_path, results, rows, script_cpu, table
from tests.benchmarks.results import Goal, Result

AT_LEAST = Goal("rate", "ours / theirs", ">=", 0.7, 0.8)
AT_MOST = Goal("cost", "ours / theirs", "<=", 1.2, 1.1)


def test_a_spread_is_the_median_with_its_extremes():
    assert figures.spread([3.0, 1.0, 2.0]) == figures.Spread(2.0, 1.0, 3.0)


def test_nothing_measured_has_no_spread():
    with pytest.raises(ValueError, match="nothing"):
        figures.spread([])


def test_ratios_are_taken_round_by_round():
    assert figures.ratios([1.0, 9.0], [2.0, 3.0]) == [0.5, 3.0]


@pytest.mark.parametrize(("ours", "theirs"), [([1.0], [1.0, 2.0]), ([1.0], [0.0])])
def test_rounds_without_a_counterpart_have_no_ratio(ours, theirs):
    with pytest.raises(ValueError, match=r"positive|argument"):
        figures.ratios(ours, theirs)


@pytest.mark.parametrize(
    ("goal", "value", "passed"),
    [
        (AT_LEAST, 0.8, True),
        (AT_LEAST, 0.79, False),
        (AT_MOST, 1.1, True),
        (AT_MOST, 1.11, False),
    ],
)
def test_a_goal_is_met_on_its_side(goal, value, passed):
    assert Result(goal, (value,)).passed is passed


def test_the_file_has_an_entry_for_each_result(tmp_path: Path):
    file = tmp_path / "results.json"
    results.write([Result(AT_LEAST, (0.9, 0.7123456, 0.8)), Result(AT_MOST, (), "no peer")], file)
    measured, missing = json.loads(file.read_text())
    assert measured == {
        "name": "rate",
        "value": 0.8,
        "goal": 0.8,
        "op": ">=",
        "pass": True,
        "median": 0.8,
        "min": 0.7123,
        "max": 0.9,
        "floor": 0.7,
        "unit": "ratio",
        "rounds": 3,
    }
    assert (missing["value"], missing["pass"], missing["error"]) == (None, False, "no peer")
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize(
    ("value", "expected"),
    [(123456.0, 123500.0), (0.00012345, 0.0001234), (0.0, 0.0), (None, None), (float("nan"), None)],
)
def test_numbers_are_rounded_to_what_they_carry(value, expected):
    assert results.rounded(value) == expected


def test_a_table_is_markdown_with_numbers_to_the_right():
    assert table.markdown(("way", "n"), [("a longer name", "7")]).splitlines() == [
        "| way           |   n |",
        "| ------------- | --: |",
        "| a longer name |   7 |",
    ]


def test_the_table_of_goals_says_what_was_missed_and_what_not_measured():
    text = table.of_results([Result(AT_LEAST, (0.5,)), Result(AT_MOST, ())])
    assert [line.split("|")[-2].strip() for line in text.splitlines()[2:]] == ["no", "not measured"]


def test_a_part_is_chosen_by_name():
    assert rows.chosen("") == rows.PARTS
    assert rows.chosen("pipe, script_cpu") == {"pipe", "script_cpu"}
    with pytest.raises(ValueError, match="nonsense"):
        rows.chosen("nonsense")


def test_each_goal_belongs_to_one_row_and_has_a_name_of_its_own():
    names = [goal.name for row in rows.ROWS for goal in row.goals(rows.PARTS)]
    assert len(names) == len(set(names))
    assert {goal.name for goal in mail_path.GOALS} == set(mail_path.COMPARED)
    assert script_cpu.GOAL.name in names


def test_only_the_goals_of_the_chosen_part_are_measured():
    assert {goal.name for goal in mail_path.goals(frozenset({"pipe"}))} == {
        "pipe_vs_python",
        "pipe_vs_dovecot_lda",
        "policy",
    }


def test_every_row_of_the_whole_run_has_a_goal_of_its_own_name():
    names = [goal.name for row in rows.ROWS for goal in row.goals(row.parts)]
    assert len(names) == len(set(names))
    assert {
        *("script_cpu", "pipe_vs_python", "pipe_vs_dovecot_lda", "lmtp_vs_dovecot_5k"),
        *("lmtp_vs_dovecot_20k", "lmtp_vs_discard", "policy", "latency", "latency_load"),
        *("page_sealed", "streams", "purge", "growth", "disk_5k", "disk_20k", "worker_memory"),
    } <= set(names)
