"""The doctor as a command: what it says, in which form, and with which exit status."""

import json
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import OperationalError

from tempmail_site.doctor import checks, findings
from tempmail_site.doctor.findings import CannotLook, Finding, check, fault, ok, warning

DOCS = Path(checks.__file__).parents[3] / "docs" / "doctor.md"


@pytest.fixture
def trial(monkeypatch: pytest.MonkeyPatch) -> None:
    """Checks of the test's own instead of the real ones."""
    checks.load()
    monkeypatch.setattr(findings, "ALL", {})

    @check("well.one", "It may be ill.")
    def well() -> Iterator[Finding]:
        yield ok("fine")

    @check("weak.one", "It gets worse.")
    def weak() -> Iterator[Finding]:
        yield warning("so so", "Rest.")

    @check("ill.one", "It hurts.")
    def ill() -> Iterator[Finding]:
        yield ok("the head is fine")
        yield fault("a leg is broken", "Put it in plaster.")


def run(*words: str) -> tuple[int, str]:
    """Exit status and output."""
    out = StringIO()
    try:
        call_command("doctor", *words, stdout=out)
    except SystemExit as end:
        return int(str(end.code)), out.getvalue()
    return 0, out.getvalue()


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (["well"], 0),
        (["weak"], 0),
        (["weak", "--strict"], 1),
        (["well", "--strict"], 0),
        (["ill.one"], 2),
        (["weak", "ill", "--strict"], 2),
        ([], 2),
    ],
)
def test_the_exit_status_says_how_bad_it_is(trial: None, words: list[str], status: int) -> None:
    assert run(*words)[0] == status
    assert run(*words, "--json")[0] == status


def test_people_are_told_what_is_wrong_what_that_means_and_what_to_do(trial: None) -> None:
    text = run()[1]
    assert "FAULT     ill.one: a leg is broken\n" in text
    assert "What it means: It hurts." in text
    assert "What to do: Put it in plaster." in text
    assert text.endswith("1 faults, 1 warnings, 2 well, 0 could not be looked at\n")
    assert "fine" not in run("--brief")[1]


def test_programs_get_the_same_as_json(trial: None) -> None:
    told = json.loads(run("--json")[1])
    assert told["status"] == "fault"
    assert told["totals"] == {"ok": 2, "skipped": 0, "warning": 1, "fault": 1}
    last = told["findings"][-1]
    assert last.pop("seconds") >= 0
    assert last == {
        "check": "ill.one",
        "level": "fault",
        "words": "a leg is broken",
        "remedy": "Put it in plaster.",
        "meaning": "It hurts.",
    }
    assert json.loads(run("well", "--json")[1])["status"] == "ok"


def test_a_check_that_there_is_not_is_refused(trial: None) -> None:
    with pytest.raises(CommandError) as refused:
        run("quackery")
    assert refused.value.returncode == 64


def test_a_check_that_fails_by_itself_stops_no_other_and_tells_no_secret(trial: None) -> None:
    @check("faint.one", "It does not matter.")
    def faint() -> Iterator[Finding]:
        yield ok("began")
        raise ValueError("kestrel")

    @check("later.one", "It does not matter.")
    def later() -> Iterator[Finding]:
        yield ok("came after")

    status, text = run("faint", "later")
    assert status == 0
    assert "WARNING   faint.one: the check itself failed (ValueError)" in text
    assert "came after" in text
    assert "kestrel" not in text


@pytest.mark.parametrize("error", [CannotLook("it is dark"), OperationalError("kestrel")])
@pytest.mark.django_db
def test_what_cannot_be_looked_at_is_no_fault(trial: None, error: Exception) -> None:
    @check("dark.one", "It does not matter.")
    def dark() -> Iterator[Finding]:
        raise error
        yield

    assert run("dark", "--strict")[0] == 0
    assert json.loads(run("dark", "--json")[1])["totals"]["skipped"] == 1


def test_every_check_is_named_by_its_group_and_says_what_it_means() -> None:
    checks.load()
    for each in findings.ALL.values():
        assert each.id.count(".") == 1
        assert each.meaning.endswith((".", "?"))
        assert each.look.__doc__


def test_the_list_of_the_command_and_the_page_name_every_check() -> None:
    checks.load()
    listed = run("--list")[1]
    page = DOCS.read_text()
    for each in findings.ALL.values():
        assert f"{each.id}: {each.meaning}" in listed
        assert f"`{each.id}`" in page
