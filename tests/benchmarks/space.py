"""Does space come back? A plain table under vacuum beside partitions by time: `python -m tests.benchmarks.space`.

Five days of churn in simulated hours with a flood in between, on a private PostgreSQL with fsync. Vacuum runs when
autovacuum would find its threshold reached, by hand, so that it costs each way what it costs, and at the same time.
"""

import os
import random
import shutil
import tempfile
import time
import uuid
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg2  # type: ignore[import-untyped]
import psycopg2.extras  # type: ignore[import-untyped]

from deploy.local.servers import PostgreSQL

HOURS, FLOOD_HOUR = 120, 54
RATE, FLOOD = 1500, 40_000  # messages in an hour
SIZE = 6000
LIVES, WEIGHTS = (1, 6, 24, 48), (70, 20, 8, 2)  # hours, percent
WHEN = {"before the flood": 53, "in the flood": 54, "a day later": 79, "56 hours later": 110}
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
COLUMNS = "(received_at timestamptz, id uuid, sealed bytea, PRIMARY KEY (received_at, id))"
DELETE = """
DELETE FROM {} AS source USING unnest(%s::timestamptz[], %s::uuid[]) AS erased(received_at, id)
WHERE source.received_at = erased.received_at AND source.id = erased.id
AND source.received_at BETWEEN %s AND %s
"""
Key = tuple[datetime, uuid.UUID]


class Plain:
    """One table, vacuumed when a share of it is dead."""

    partitioned = ""

    def __init__(self, cursor: Any, name: str, share: float) -> None:
        self.cursor, self.name, self.share = cursor, name, share
        self.live, self.seconds = 0, 0.0
        self.dead: dict[str, int] = {}
        self.alive: dict[str, int] = {}
        self.run(f"CREATE TABLE {name} {COLUMNS} {self.partitioned}")
        self.run(f"ALTER TABLE {name} ALTER COLUMN sealed SET STORAGE EXTERNAL")

    def run(self, statement: str, values: Any = None) -> None:
        """Run a statement and count its time."""
        began = time.perf_counter()
        self.cursor.execute(statement, values)
        self.seconds += time.perf_counter() - began

    def table_of(self, key: Key) -> str:
        """Return the table that vacuum sees."""
        return self.name

    def insert(self, keys: list[Key], sealed: bytes) -> None:
        """Store messages."""
        rows = [(*key, sealed[place % 997 :][:SIZE]) for place, key in enumerate(keys)]
        statement = f"INSERT INTO {self.name} VALUES %s"  # noqa: S608
        began = time.perf_counter()
        psycopg2.extras.execute_values(self.cursor, statement, rows, page_size=500)
        self.seconds += time.perf_counter() - began
        self._count(self.alive, keys)
        self.live += len(keys)

    def delete(self, keys: list[Key]) -> None:
        """Delete messages, 1,000 in a statement."""
        keys.sort()
        for start in range(0, len(keys), 1000):
            times, ids = zip(*keys[start : start + 1000], strict=True)
            self.run(DELETE.format(self.name), (list(times), list(ids), times[0], times[-1]))
        self._count(self.dead, keys)
        self._count(self.alive, keys, -1)
        self.live -= len(keys)

    def upkeep(self, hour: int) -> None:
        """Vacuum what has reached its threshold."""
        for table, dead in list(self.dead.items()):
            if dead > 50 + self.share * (dead + self.alive[table]):
                self.run(f"VACUUM {table}")
                del self.dead[table]

    def size(self) -> int:
        """Return the bytes of all files."""
        self.cursor.execute(
            "SELECT sum(pg_total_relation_size(relid)) FROM pg_partition_tree(%s)", [self.name]
        )
        size = self.cursor.fetchone()[0]
        if size is None:
            self.cursor.execute("SELECT pg_total_relation_size(%s)", [self.name])
            size = self.cursor.fetchone()[0]
        return int(size)

    def _count(self, counts: dict[str, int], keys: list[Key], by: int = 1) -> None:
        for key in keys:
            table = self.table_of(key)
            counts[table] = counts.get(table, 0) + by


class Partitioned(Plain):
    """Partitions of so many hours, dropped when they are over and empty."""

    partitioned = "PARTITION BY RANGE (received_at)"

    def __init__(self, cursor: Any, name: str, share: float, hours: int) -> None:
        super().__init__(cursor, name, share)
        self.hours = hours
        self.run(f"CREATE TABLE {name}_default PARTITION OF {name} DEFAULT")
        self.made = 0

    def table_of(self, key: Key) -> str:
        """Return the partition."""
        return f"{self.name}_{int((key[0] - BEGIN).total_seconds()) // 3600 // self.hours}"

    def upkeep(self, hour: int) -> None:
        """Make those of the next day; drop, or vacuum."""
        while self.made * self.hours <= hour + 24:
            self._make(self.made)
            self.made += 1
        for table, alive in list(self.alive.items()):
            over = (int(table.rpartition("_")[2]) + 1) * self.hours + 1
            if alive == 0 and over <= hour:
                self.run(f"DROP TABLE {table}")
                del self.alive[table]
                self.dead.pop(table, None)
        super().upkeep(hour)

    def _make(self, number: int) -> None:
        begins = BEGIN + number * timedelta(hours=self.hours)
        ends, name = begins + timedelta(hours=self.hours), f"{self.name}_{number}"
        self.run(f"CREATE TABLE {name} (LIKE {self.name} INCLUDING STORAGE)")
        self.run(
            f"ALTER TABLE {self.name} ATTACH PARTITION {name}"
            f" FOR VALUES FROM ('{begins.isoformat()}') TO ('{ends.isoformat()}')"
        )


def churn(table: Plain) -> list[tuple[int, int]]:
    """Let hours pass; return after each the bytes of the table and those of what lives in it."""
    chance, due = random.Random(1), dict[int, list[Key]]()  # noqa: S311
    sealed, sizes = os.urandom(SIZE + 1000), []
    table.upkeep(0)
    for hour in range(HOURS):
        keys = [_key(chance, hour) for _ in range(FLOOD if hour == FLOOD_HOUR else RATE)]
        for key in keys:
            due.setdefault(hour + chance.choices(LIVES, WEIGHTS)[0], []).append(key)
        table.insert(keys, sealed)
        table.delete(due.pop(hour, []))
        table.upkeep(hour)
        sizes.append((table.size(), table.live * SIZE))
    return sizes


def _key(chance: random.Random, hour: int) -> Key:
    at = BEGIN + timedelta(hours=hour, seconds=chance.random() * 3600)
    return at, uuid.UUID(int=chance.getrandbits(128))


def main() -> None:
    """Measure each way and print a row of Markdown for each."""
    psycopg2.extras.register_uuid()
    scratch = Path(tempfile.mkdtemp(prefix="tempmail-space-"))
    scratch.chmod(0o755)  # PostgreSQL runs as its own user
    print("| way | " + " | ".join(f"{when}: MB" for when in WHEN) + " | seconds of SQL |")
    try:
        with (
            PostgreSQL(scratch / "postgresql", dict(os.environ)) as server,
            closing(psycopg2.connect(server.url())) as link,
            link.cursor() as cursor,
        ):
            link.autocommit = True
            cursor.execute("ALTER SYSTEM SET autovacuum = off")
            cursor.execute("SELECT pg_reload_conf()")
            _measure(Plain(cursor, "plain_20", 0.2))
            _measure(Plain(cursor, "plain_2", 0.02))
            for hours in (24, 6, 1):
                _measure(Partitioned(cursor, f"parts_{hours}h", 0.05, hours))
    finally:
        shutil.rmtree(scratch)


def _measure(table: Plain) -> None:
    sizes = churn(table)
    cells = [f"{sizes[hour][0] / 1e6:.0f} of {sizes[hour][1] / 1e6:.0f}" for hour in WHEN.values()]
    print(f"| {table.name} | {' | '.join(cells)} | {table.seconds:.0f} |", flush=True)


if __name__ == "__main__":
    main()
