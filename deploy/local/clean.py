"""`make clean`: removes DATA_DIR, its state directory and its mail log. Standard library only."""

import shutil
import sys
from pathlib import Path

from deploy.local import data_lock, leftovers
from postfix import render
from tempmail_site import paths

KEYS = "secrets.env"
HARMLESS = {data_lock.NAME, "logs", "bench", "static"}


class Refused(Exception):
    """Removing was not done; the text says why."""


def looks_like_ours(data_dir: Path) -> bool:
    """Return whether a directory was made by this project: it has our keys, or nothing but what we leave behind."""
    keys = data_dir / KEYS
    if keys.is_file():
        return "ADDRESS_DIGEST_KEY=" in keys.read_text(errors="replace")
    return all(entry.name in HARMLESS for entry in data_dir.iterdir())


def clean(data_dir: Path) -> None:
    """Remove everything of the instance in `data_dir`. Raises Refused, Running, OSError."""
    state_dir = paths.state_directory(data_dir)
    if data_dir.exists():
        if not looks_like_ours(data_dir):
            raise Refused(
                f"{data_dir} does not look like a data directory of this project: nothing was removed."
            )
        with data_lock.hold(data_dir):
            _remove(state_dir)
            shutil.rmtree(data_dir)
    else:
        _remove(state_dir)


def _remove(state_dir: Path) -> None:
    leftovers.end(state_dir)
    for directory in (state_dir, render.log_file(state_dir).parent):
        if directory.exists():
            shutil.rmtree(directory)


def main() -> int:
    """Clean what DATA_DIR names; return the exit code."""
    data_dir = paths.data_directory()
    try:
        clean(data_dir)
    except (Refused, data_lock.Running) as reason:
        print(f"make clean: {reason}", file=sys.stderr)
        return 1
    except PermissionError as error:
        print(f"make clean: {error}. It belongs to another user: sudo make clean", file=sys.stderr)
        return 1
    print(f"removed {data_dir} and {paths.state_directory(data_dir)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
