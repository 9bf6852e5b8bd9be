"""Numbers that several processes count, each in files of its own, in the multiprocess format of prometheus-client.

Written with pwrite(2), not through a mapping: on a full disk that is an error that costs a number, and no SIGBUS that
costs the process. Each number lies in the page cache as soon as it is counted, and so outlives a kill.

A process is known by a number whose lock file it holds (flock(2)), not by its pid: the kernel gives the lock back when
the process dies, and the next one goes on with the same files. So there are never more files than there were processes
at one time, and no total ever falls. Gauges of processes that are gone are not shown.
"""

import contextlib
import fcntl
import os
import struct
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from prometheus_client import Metric
from prometheus_client.mmap_dict import MmapedDict
from prometheus_client.multiprocess import MultiProcessCollector

MAX_PROCESSES = 512
MAX_FILE = 4 * 1024 * 1024  # bytes; a key beyond it is not counted
RETRY_SECONDS = 10.0  # after files could not be had
_HEADER = struct.Struct("<i4x")  # how much of the file is used
_VALUE = struct.Struct("<dd")  # the number; when it was set (gauges that show the last one)
_PIECE = 8
# Of the disk; and of a file that somebody else wrote.
_FAILURES = (OSError, RuntimeError, ValueError, struct.error)


class _File:
    """One file of this process. Not safe for threads."""

    def __init__(self, path: Path) -> None:
        self._descriptor = _shared(path)
        self._values: dict[str, float] = {}
        self._places: dict[str, int] = {}
        self._used = _HEADER.size
        if os.fstat(self._descriptor).st_size < _HEADER.size:
            os.pwrite(self._descriptor, _HEADER.pack(self._used), 0)
            return
        for key, value, _, place in MmapedDict.read_all_values_from_file(str(path)):
            self._values[key], self._places[key] = value, place
            self._used = place + _VALUE.size

    def add(self, key: str, amount: float) -> None:
        self.set(key, self._values.get(key, 0.0) + amount, 0.0)

    def set(self, key: str, value: float, at: float) -> None:
        # First: what cannot be written now is written with the next one.
        self._values[key] = value
        place = self._places.get(key) or self._make(key)
        os.pwrite(self._descriptor, _VALUE.pack(value, at), place)

    def _make(self, key: str) -> int:
        text = key.encode()
        padded = text + b" " * (_PIECE - (len(text) + 4) % _PIECE)
        entry = struct.pack("<i", len(text)) + padded + _VALUE.pack(0.0, 0.0)
        if self._used + len(entry) > MAX_FILE:
            raise OSError("too many numbers")
        if os.pwrite(self._descriptor, entry, self._used) < len(entry):
            raise OSError("the disk is full")
        used = self._used + len(entry)
        os.pwrite(self._descriptor, _HEADER.pack(used), 0)  # only now there is something to read
        self._used = used
        self._places[key] = used - _VALUE.size
        return self._places[key]

    def close(self) -> None:
        os.close(self._descriptor)


class Store:
    """The files of this process, and of a fork of it its own. Safe for threads. `directory` None: nothing is counted.

    Nothing here raises OSError: what cannot be counted is not.
    """

    def __init__(self, directory: Path | None) -> None:
        self.directory = directory
        self._files: dict[str, _File] = {}
        self._lock = threading.Lock()
        self._number: int | None = None
        self._claim = -1
        self._rest_until = 0.0
        os.register_at_fork(after_in_child=self._forget)

    def add(self, kind: str, amounts: tuple[tuple[str, float], ...]) -> None:
        """Add to numbers by their keys; `kind` is what names of files begin with."""
        with self._lock:
            try:
                if file := self._files.get(kind) or self._open(kind):
                    for key, amount in amounts:
                        file.add(key, amount)
            except _FAILURES:
                return

    def set(self, kind: str, key: str, value: float) -> None:
        """Set a number."""
        with self._lock:
            try:
                if file := self._files.get(kind) or self._open(kind):
                    file.set(key, value, time.time())
            except _FAILURES:
                return

    def use(self, directory: Path | None) -> None:
        """Count in another directory from now on; for tests, and for the settings."""
        with self._lock:
            self._close()
            self.directory = directory
            self._rest_until = 0.0

    def _open(self, kind: str) -> _File | None:
        if self.directory is None or time.monotonic() < self._rest_until:
            return None
        self._rest_until = time.monotonic() + RETRY_SECONDS
        if self._number is None:
            self._claim, self._number = _claim(self.directory)
        self._files[kind] = made = _File(self.directory / f"{kind}_{self._number}.db")
        self._rest_until = 0.0
        return made

    def _forget(self) -> None:
        """In a fork: it is another process, and a lock that another thread held would never be given back."""
        self._lock = threading.Lock()
        self._close()

    def _close(self) -> None:
        for file in self._files.values():
            file.close()
        self._files = {}
        if self._claim >= 0:  # of a fork: the parent holds the lock by its own descriptor
            os.close(self._claim)
        self._claim, self._number = -1, None


def _claim(directory: Path) -> tuple[int, int]:
    """Take the first number that no living process has. Raises OSError."""
    for number in range(MAX_PROCESSES):
        path = directory / f"{number}.lock"
        descriptor = _shared(path)
        if _is_free(descriptor):
            for old in directory.glob(f"gauge_live*_{number}.db"):
                with contextlib.suppress(OSError):
                    old.unlink()
            return descriptor, number
        os.close(descriptor)
    raise OSError("too many processes count")


def _shared(path: Path) -> int:
    """Open a file, made if missing, for every user of the directory's group: a number goes from one to the other.

    Raises OSError, also for a moment while its maker has not opened it to the group yet: umask(2) cuts what is made.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o660)
    with contextlib.suppress(PermissionError):  # another user's, who has done it
        os.fchmod(descriptor, 0o660)
    return descriptor


def _is_free(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def read(directory: Path | None) -> list[Metric]:
    """Return the sums over all processes. A file that cannot be read is left out."""
    if directory is None:
        return []
    files = [str(path) for path in sorted(directory.glob("*.db")) if _can_be_read(path)]
    return list(MultiProcessCollector.merge(files))


def _can_be_read(path: Path) -> bool:
    try:
        if path.name.startswith("gauge_live") and not _is_alive(path):
            return False
        return bool(list(MmapedDict.read_all_values_from_file(str(path))))
    except _FAILURES:
        return False


def _is_alive(path: Path) -> bool:
    """Whether some process holds the number of this file."""
    number = path.stem.rpartition("_")[2]
    with _opened(path.with_name(f"{number}.lock")) as descriptor:
        return not _is_free(descriptor)


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def empty(directory: Path) -> None:
    """Forget all numbers; for the start of an instance, while nothing of it runs. Raises OSError."""
    for path in [*directory.glob("*.db"), *directory.glob("*.lock")]:
        path.unlink(missing_ok=True)
