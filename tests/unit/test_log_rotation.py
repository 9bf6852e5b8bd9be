"""logrotate(8) with our configuration: it has no complaint, turns over, keeps what is young, deletes what is old."""

import logging
import os
import subprocess
import time
from pathlib import Path

import pytest
from pytest_django import Settings

from mailboxes.services import log_rotation

DAY = 86_400


@pytest.fixture(params=["plain", "with a space, 'quotes\" [and] *"])
def logs(tmp_path: Path, settings: Settings, request: pytest.FixtureRequest) -> Path:
    data = tmp_path / request.param
    directory = data / "logs"
    directory.mkdir(parents=True, mode=0o700)
    settings.DATA_DIR, settings.LOG_DIRECTORY = data, directory
    return directory


def _names(logs: Path) -> list[str]:
    return sorted(path.name.partition("-")[0] for path in logs.iterdir())


def test_logrotate_has_no_complaint(logs: Path) -> None:
    (logs / "site.log").write_text("x\n")
    config = log_rotation.write()
    command = ["/usr/sbin/logrotate", "--debug", "--state", str(logs / "state"), str(config)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    first, _, rest = done.stderr.partition("\n")
    assert "debug mode does nothing" in first
    assert not [word for word in ("error", "warning") if word in rest.lower()], rest
    assert str(logs / "site.log") in done.stderr


def test_a_log_is_moved_and_one_that_cannot_be_reopened_is_emptied(logs: Path) -> None:
    for name in ("site", "worker", "tasks", "redis", "postfix"):
        (logs / f"{name}.log").write_text(f"{name}\n")
    with (logs / "postfix.log").open("a") as appending:
        log_rotation.rotate(force=True)
        appending.write("after\n")
    assert (logs / "postfix.log").read_text() == "after\n"
    assert not (logs / "site.log").exists()
    assert [path.read_text() for path in logs.glob("site.log-*")] == ["site\n"]
    assert _names(logs).count("redis.log") == 1


def test_nothing_is_due_within_the_day(logs: Path) -> None:
    (logs / "site.log").write_text("x\n")
    for _ in range(3):
        assert log_rotation.rotate() == 0
    assert _names(logs) == ["site.log"]
    assert (logs / "site.log").read_text() == "x\n"


def test_no_line_is_older_than_its_days(logs: Path, settings: Settings) -> None:
    settings.LOG_RETENTION_DAYS = 3
    for number, days in enumerate((0.5, 1.5, 2.5, 30)):
        path = logs / f"site.log-20261120-{number}.gz"
        path.touch()
        os.utime(path, (time.time() - days * DAY,) * 2)
    (logs / "site.log").touch()
    (logs / "notes").touch()
    os.utime(logs / "notes", (0, 0))
    assert log_rotation.rotate() == 2
    assert len(list(logs.glob("site.log-*"))) == 2
    assert (logs / "notes").exists()


def test_a_machine_without_logrotate_is_told_of_once(
    logs: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(log_rotation, "PATH", "/nonexistent")
    log_rotation._told.clear()
    for _ in range(3):
        assert log_rotation.rotate() == 0
    assert [record.message for record in caplog.records] == [
        "logrotate is not installed: the logs grow until it is"
    ]


def test_a_path_that_cannot_be_told_breaks_nothing(
    tmp_path: Path, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.DATA_DIR, settings.LOG_DIRECTORY = tmp_path, tmp_path / "a{b"
    settings.LOG_DIRECTORY.mkdir()
    assert log_rotation.rotate() == 0
    assert caplog.records[0].levelno == logging.ERROR
    assert caplog.records[0].error == "ValueError"  # type: ignore[attr-defined]


def test_a_failure_of_logrotate_is_told_by_its_status(
    logs: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (logs.parent / "logrotate.state").mkdir()
    log_rotation.rotate()
    assert [record.message for record in caplog.records] == ["logrotate failed"]
