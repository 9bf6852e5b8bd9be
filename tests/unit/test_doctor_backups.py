"""The doctor on backups: none, an old one, one of last night, one that only its owner can see."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from pytest_django.fixtures import Settings

from tempmail_site.doctor.checks import backups
from tempmail_site.doctor.findings import CannotLook, Finding, Level


@pytest.fixture
def directory(tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Path:
    settings.BACKUP_DIR = tmp_path / "backups"
    monkeypatch.setattr(backups, "connection", SimpleNamespace(vendor="postgresql"))
    return tmp_path / "backups"


def made(directory: Path, ago: timedelta, complete: bool = True) -> None:
    """A backup, as backup.sh names it."""
    place = directory / f"{datetime.now(UTC) - ago:%Y-%m-%dT%H%M%SZ}"
    place.mkdir(parents=True)
    if complete:
        (place / "SHA256SUMS").write_text("")


def found() -> Finding:
    (finding,) = backups.last()
    return finding


def test_none_is_a_warning(directory: Path) -> None:
    assert (found().level, found().words) == (Level.WARNING, f"there is none in {directory}")
    made(directory, timedelta(hours=1), complete=False)
    (directory / "mine").mkdir()
    (directory / "mine" / "SHA256SUMS").write_text("")
    assert found().level == Level.WARNING


def test_the_newest_counts(directory: Path) -> None:
    made(directory, timedelta(days=9))
    assert found().level == Level.WARNING
    assert "9 days" in found().words
    made(directory, timedelta(hours=20))
    assert found().level == Level.OK


def test_what_cannot_be_seen_is_not_looked_at(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory.mkdir()
    monkeypatch.setattr(Path, "iterdir", refuse)
    with pytest.raises(CannotLook, match="only its owner"):
        found()
    monkeypatch.setattr(backups, "connection", SimpleNamespace(vendor="sqlite"))
    with pytest.raises(CannotLook, match="PostgreSQL alone"):
        found()


def refuse(_path: Path) -> None:
    raise PermissionError
