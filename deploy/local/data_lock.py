"""One running instance per DATA_DIR: a lock that the kernel gives back however its holder ends (flock(2))."""

import contextlib
import fcntl
from collections.abc import Iterator
from pathlib import Path

from deploy.local import owner

NAME = "run.lock"


class Running(Exception):
    """Another process holds the lock."""


@contextlib.contextmanager
def hold(data_dir: Path) -> Iterator[None]:
    """Hold the lock of an existing DATA_DIR. Raises Running."""
    path = data_dir / NAME
    with path.open("ab") as file:
        owner.of(data_dir).give(path)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Running(
                f"An instance with DATA_DIR {data_dir} is running (see {data_dir / 'run.json'})."
            ) from None
        yield
