"""`make audit`: our code has no finding that nobody answered for, and what could not be looked at is said."""

import subprocess
import sys
from collections import Counter
from typing import Any

import pytest

from tests import audit, documented

PAGE = documented.ROOT / "docs" / "audit.md"


def test_the_documented_command_finds_nothing_new() -> None:
    (block,) = documented.blocks(__file__, "docs/audit.md")
    words = ["sh", "-eu", "-c", block]
    done = subprocess.run(words, cwd=documented.ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "bandit: " in done.stdout
    assert "pip-audit: " in done.stdout


def test_each_accepted_finding_has_its_reason() -> None:
    rows = [line for line in PAGE.read_text().splitlines() if line.startswith("| B")]
    assert len(rows) == len(audit.accepted(PAGE.read_text())) > 10
    for row in rows:
        assert len(row.split("|")[4].strip()) > 5, row


@pytest.mark.parametrize("change", [1, -1])
def test_what_is_new_and_what_is_gone_fails(
    change: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = audit.accepted(PAGE.read_text()) + Counter({("B602", "deploy/new.py"): 2})
    text = PAGE.read_text() + "\n| B602 | `deploy/new.py` | 2 | because |\n"
    monkeypatch.setattr(audit, "findings", lambda: found)
    monkeypatch.setattr(audit, "vulnerabilities", lambda: "no network")
    monkeypatch.setattr(audit, "PAGE", Page(text))
    assert audit.main() == 0
    found["B602", "deploy/new.py"] += change
    assert audit.main() == 1
    assert "deploy/new.py" in capsys.readouterr().out


class Page(str):
    """A page that is not on a disk."""

    def read_text(self) -> str:
        return self


def told(*dependencies: dict[str, Any]) -> dict[str, Any]:
    return {"dependencies": [{"name": "cabbage", "version": "1", "vulns": []}, *dependencies]}


BAD = {
    "name": "rotten",
    "version": "1",
    "vulns": [{"id": "GHSA-x", "aliases": ["CVE-2026-1"], "fix_versions": ["2"]}],
}


def test_a_known_vulnerability_fails_unless_it_is_accepted(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert audit._packages(told(BAD), set())
    assert "rotten 1: GHSA-x, fixed in ['2']" in capsys.readouterr().out
    ((known, package),) = audit.known_vulnerabilities("| CVE-2026-1 | rotten | not called |\n")
    assert package == "rotten"
    assert not audit._packages(told(BAD), {known})


def test_what_could_not_be_looked_at_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    skipped = {"name": "unknown", "version": "1", "skip_reason": "not found"}
    assert not audit._packages(told(skipped), set())
    assert "NOT LOOKED AT: unknown\npip-audit: 1 packages" in capsys.readouterr().out


def test_where_nobody_can_be_asked_it_says_why() -> None:
    nowhere = ("--osv-url", "http://127.0.0.1:9/v1/query")
    why = audit.vulnerabilities(*nowhere, "--timeout", "2")
    assert isinstance(why, str)
    assert "127.0.0.1" in why
    assert sys.executable not in why
