"""Releases side by side: copied from this tree, complete before `current` leads to one, kept for a rollback."""

import hashlib
import os
import re
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

from deploy.server import commands, files, layout, record
from deploy.server.steps import Refused, Step

KEPT = 3
_LEFT_OUT = {".git", ".venv", "var", "tests", "__pycache__", "images"}
_STAMP = ".complete"
_UPGRADE, _RESTART = "upgrade-tempmail", "restart-tempmail"  # services.py


def name(tree: Path = layout.SOURCE) -> str:
    """Return the release's name: the version and a digest of its files, so that two trees never share one."""
    match = re.search(r'^version = "([0-9A-Za-z.]+)"$', (tree / "pyproject.toml").read_text(), re.M)
    digest = hashlib.sha256()
    for path in _files(tree):
        digest.update(f"{path.relative_to(tree)}\0{path.stat().st_mode & 0o111}\0".encode())
        digest.update(path.read_bytes())
    return f"{match[1] if match else '0'}-{digest.hexdigest()[:12]}"


def step(release: str) -> Step:
    """Have this tree below releases/, with its packages."""
    place = layout.RELEASES / release
    return Step(
        "release",
        lambda: "" if (place / _STAMP).is_file() else f"{place} is not there",
        lambda: _build(place),
    )


def switch_step(release: str) -> Step:
    """Let `current` lead to this release; the one before is noted."""
    return Step(
        "current release",
        lambda: "" if current() == release else f"{layout.CURRENT} leads to {current() or 'none'}",
        lambda: switch(release),
    )


def clean_step() -> Step:
    """Remove releases that nobody goes back to."""
    return Step("old releases", lambda: ", ".join(_old()), _remove_old)


def current() -> str:
    """Return the release that `current` leads to; '' for none."""
    return layout.CURRENT.readlink().name if layout.CURRENT.is_symlink() else ""


def previous() -> str:
    """Return the release to go back to. Raises Refused."""
    found = str(record.read().get("previous", ""))
    if not found or not (layout.RELEASES / found / _STAMP).is_file():
        raise Refused("there is no release to go back to")
    return found


def switch(release: str) -> None:
    """Let `current` lead to a release, in one step. What runs has to be restarted: that is noted."""
    before = current()
    record.owe(_UPGRADE if _same_environment(before, release) else _RESTART)
    if before:
        record.note(previous=before)
    files.link(layout.CURRENT, layout.RELEASES / release)


def _same_environment(before: str, release: str) -> bool:
    """Tell whether the units' own settings are the same: a worker that only reloads does not read them again."""
    name = Path("deploy/systemd/layout.env")
    old, new = (layout.RELEASES / each / name for each in (before or "none", release))
    return old.is_file() and new.is_file() and old.read_bytes() == new.read_bytes()


def _build(place: Path) -> None:
    shutil.rmtree(place, ignore_errors=True)  # what an interrupted run left
    for path in _files(layout.SOURCE):
        target = place / path.relative_to(layout.SOURCE)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
        target.chmod(0o755 if path.stat().st_mode & stat.S_IXUSR else 0o644)
    python = place / ".venv" / "bin" / "python"
    commands.run("python3", "-m", "venv", place / ".venv")
    pip = (python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    commands.run(*pip, "-r", place / "requirements.txt")
    # nobody but root may write there: what is not compiled now never is
    commands.run(python, "-m", "compileall", "-q", "-j", "0", place)
    (place / _STAMP).touch()


def _files(tree: Path) -> Iterator[Path]:
    for directory, names, found in os.walk(tree):
        names[:] = sorted(
            n
            for n in names
            if n not in _LEFT_OUT and not n.endswith("_cache") and n != ".hypothesis"
        )
        for each in sorted(found):
            path = Path(directory) / each
            if (
                path.is_file()
                and not path.is_symlink()
                and each != _STAMP
                and not each.endswith(".pyc")
            ):
                yield path


def _old() -> list[str]:
    there = (
        [path for path in layout.RELEASES.glob("*") if path.is_dir()]
        if layout.RELEASES.is_dir()
        else []
    )
    there.sort(key=lambda path: path.stat().st_mtime, reverse=True)
    needed = {current(), str(record.read().get("previous", ""))}
    return [path.name for path in there[KEPT:] if path.name not in needed]


def _remove_old() -> None:
    for each in _old():
        shutil.rmtree(layout.RELEASES / each)
