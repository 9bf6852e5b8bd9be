"""What every row of the benchmark gets: where it may work, how much it may do, and how it says what it found."""

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from deploy.local import leftovers, mail_log, owner
from deploy.local.servers import PostgreSQL
from postfix import render
from tempmail_site import paths
from tests.benchmarks.results import Result


@dataclass(frozen=True, slots=True)
class Effort:
    """How long to measure. `seconds` is about how long a round takes; `boxes` bounds the messages of one."""

    rounds: int = 5
    seconds: float = 4.0
    runs: int = 300  # of a single program
    boxes: int = 5000
    stored: int = 2_000_000  # messages in a full database
    fed: int = 100_000  # messages to one worker process
    streams: int = 5000
    purged: int = 100_000  # messages of a round
    quiet_seconds: float = 60.0

    @classmethod
    def from_environment(cls) -> "Effort":
        """Return what variables of these names ask for, in capitals (QUIET for the last). Raises ValueError."""
        own = cls()
        return cls(
            rounds=max(1, int(os.environ.get("ROUNDS") or own.rounds)),
            seconds=float(os.environ.get("SECONDS") or own.seconds),
            runs=max(10, int(os.environ.get("RUNS") or own.runs)),
            boxes=max(100, int(os.environ.get("BOXES") or own.boxes)),
            stored=max(2000, int(os.environ.get("STORED") or own.stored)),
            fed=max(1000, int(os.environ.get("FED") or own.fed)),
            streams=max(10, int(os.environ.get("STREAMS") or own.streams)),
            purged=max(1000, int(os.environ.get("PURGED") or own.purged)),
            quiet_seconds=float(os.environ.get("QUIET") or own.quiet_seconds),
        )


@dataclass(slots=True)
class Report:
    """What a row found: results against goals, further Markdown to print, remarks."""

    results: list[Result] = field(default_factory=list)
    tables: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Session:
    """One run of the benchmark. `parts` are those asked for; `directory` is below DATA_DIR and belongs to its owner."""

    directory: Path
    effort: Effort
    parts: frozenset[str]
    started: float = field(default_factory=time.monotonic)

    def say(self, text: str) -> None:
        """Tell the person who waits, on stdout as well, with the seconds since the start."""
        print(f"[{time.monotonic() - self.started:4.0f} s] {text}", flush=True)

    def data_directory(self, name: str) -> Path:
        """Return a DATA_DIR for an instance of the benchmark's own."""
        return self.directory / "instances" / name

    def state_directory(self, name: str) -> Path:
        """Return a short path for Postfix, PostgreSQL and others, the same one for a name at every run."""
        return paths.state_directory(self.data_directory(name))

    def clear(self) -> None:
        """Remove what this run, or one that was killed, has left: processes and directories."""
        instances = self.directory / "instances"
        for instance in instances.glob("*"):
            _remove(self.state_directory(instance.name))
        shutil.rmtree(instances, ignore_errors=True)

    @contextmanager
    def state(self, name: str) -> Iterator[Path]:
        """Yield a fresh state directory, and remove it with all that still runs in it."""
        directory = self.state_directory(name)
        _remove(directory)
        # its name is there for clear(), also after a run that was killed
        owner.make_directory(self.data_directory(name), owner.invoking(), 0o700)
        owner.make_directory(directory, owner.Owner(os.geteuid(), os.getegid()))
        try:
            yield directory
        finally:
            _remove(directory)

    @contextmanager
    def data(self, name: str) -> Iterator[Path]:
        """Yield a fresh DATA_DIR for an instance, and remove it with its state directory."""
        directory = self.data_directory(name)
        shutil.rmtree(directory, ignore_errors=True)
        with self.state(name):
            yield directory

    @contextmanager
    def postgresql(self, name: str = "") -> Iterator[PostgreSQL]:
        """Run a durable PostgreSQL. Raises StartFailed."""
        with self.state(f"postgresql{name}") as directory:
            env = {**os.environ, leftovers.MARKER: str(directory)}
            with PostgreSQL(directory / "postgresql", env) as server:
                yield server


def dovecot_logs(state_dir: Path) -> Path:
    """Return where Dovecot logs: in memory as Postfix, but apart from it, as dovecot-lda writes there as nobody."""
    return Path(f"{render.log_file(state_dir).parent}-dovecot")


def _remove(directory: Path) -> None:
    leftovers.end(directory)
    mail_log.remove(render.log_file(directory))
    for place in (directory, dovecot_logs(directory)):
        shutil.rmtree(place, ignore_errors=True)
