"""`make clean` removes what is ours, and only that."""

from pathlib import Path

import pytest

from deploy.local import clean, data_lock
from tempmail_site import paths, secrets_file


def test_data_and_state_are_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data_dir, state_dir = tmp_path / "data", tmp_path / "state"
    monkeypatch.setattr(paths, "state_directory", lambda _: state_dir)
    data_dir.mkdir()
    state_dir.mkdir()
    secrets_file.ensure(data_dir / "secrets.env")
    (data_dir / "db.sqlite3").touch()
    clean.clean(data_dir)
    assert list(tmp_path.iterdir()) == []


def test_a_directory_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").touch()
    with pytest.raises(clean.Refused):
        clean.clean(tmp_path)
    assert (tmp_path / "thesis.txt").exists()


def test_other_keys_in_a_file_of_our_name_do_not_make_it_ours(tmp_path: Path) -> None:
    (tmp_path / "secrets.env").write_text("SECRET_KEY=of-another-project\n")
    with pytest.raises(clean.Refused):
        clean.clean(tmp_path)


def test_a_running_instance_is_left_alone(tmp_path: Path) -> None:
    secrets_file.ensure(tmp_path / "secrets.env")
    with data_lock.hold(tmp_path), pytest.raises(data_lock.Running):
        clean.clean(tmp_path)
    assert (tmp_path / "secrets.env").exists()


def test_nothing_to_clean_is_not_an_error(tmp_path: Path) -> None:
    clean.clean(tmp_path / "never-made")
