"""What the installer notes for later runs: options, what it put where, what it still has to reload."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from deploy.server import files, layout

_OWNER = files.Owner(mode=0o644)


def read() -> dict[str, Any]:
    """Return the notes; none before the first run."""
    try:
        found = json.loads(layout.RECORD.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def note(**values: object) -> None:
    """Set some of the notes."""
    merged = {**read(), **values}
    files.write(layout.RECORD, json.dumps(merged, indent=1, sort_keys=True) + "\n", _OWNER)


def forget_all_but(*names: str) -> None:
    """Keep these notes alone."""
    kept = {name: value for name, value in read().items() if name in names}
    files.write(layout.RECORD, json.dumps(kept, indent=1, sort_keys=True) + "\n", _OWNER)


def note_in(name: str, words: Iterable[str]) -> None:
    """Add words to the list of this name."""
    found: list[str] = read().get(name, [])
    note(**{name: sorted({*found, *words})})


def listed(name: str) -> list[str]:
    """Return the list of this name."""
    found: list[str] = read().get(name, [])
    return found


def replace_file(path: Path) -> None:
    """Before ours takes its place: keep a file of somebody else's, once, and note that this path is ours now."""
    kept = layout.REPLACED / str(path).lstrip("/").replace("/", "!")
    if str(path) not in listed("files") and path.is_file():
        files.make_directory(layout.REPLACED, files.Owner(mode=0o700))
        files.write(
            kept,
            path.read_text(encoding="utf-8", errors="surrogateescape"),
            files.Owner(mode=0o600),
        )
    note_in("files", [str(path)])


def kept_file(path: Path) -> Path:
    """Return where the file lies that ours took the place of; it need not be there."""
    return layout.REPLACED / str(path).lstrip("/").replace("/", "!")


def owe(*actions: str) -> None:
    """Note that something is to be reloaded. Before the change itself: an interrupted run does it later."""
    layout.PENDING.mkdir(parents=True, exist_ok=True)
    for action in actions:
        (layout.PENDING / action).touch()


def owed() -> list[str]:
    """Return what is to be reloaded."""
    return sorted(path.name for path in layout.PENDING.glob("*")) if layout.PENDING.is_dir() else []


def done(action: str) -> None:
    """Note that it was reloaded."""
    (layout.PENDING / action).unlink(missing_ok=True)
