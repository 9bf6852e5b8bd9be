"""Database roles on a real PostgreSQL, and that it takes our configuration as it is meant."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest

from deploy.local import owner
from deploy.local.processes import StartFailed
from deploy.local.servers import PostgreSQL, Redis, program
from tests.system import machine

CHECKOUT = Path(__file__).resolve().parents[2]
CONFIGURATION = CHECKOUT / "deploy" / "postgresql" / "tempmail.conf"


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A place that PostgreSQL's user can reach."""
    place = tmp_path_factory.mktemp("roles")
    for parent in (place, *place.parents[:2]):
        parent.chmod(0o755)
    return place


@pytest.fixture(scope="module")
def cluster(directory: Path) -> Iterator[PostgreSQL]:
    """A cluster that has read our configuration file, as Debian's conf.d has it."""
    try:
        program("initdb")
    except StartFailed as missing:
        pytest.skip(f"not installed here: {missing}")
    made = PostgreSQL(directory / "postgresql", dict(os.environ), durable=False)
    with made:
        pass
    shutil.copy(CONFIGURATION, made.data / "tempmail.conf")
    shutil.chown(made.data / "tempmail.conf", made.user.uid, made.user.gid)
    with (made.data / "postgresql.conf").open("a") as file:
        file.write("include 'tempmail.conf'\n")
    with made:
        yield made


def test_postgresql_takes_our_configuration(cluster: PostgreSQL) -> None:
    with psycopg2.connect(cluster.url()) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT name, error FROM pg_file_settings WHERE error IS NOT NULL")
        # the cluster of this test listens on loopback: that setting is for a start
        assert [row for row in cursor.fetchall() if row[0] != "listen_addresses"] == []
        cursor.execute(
            "SELECT count(*) FROM pg_file_settings WHERE sourcefile LIKE '%tempmail.conf'"
        )
        assert cursor.fetchone()[0] >= 20  # type: ignore[index]
        cursor.execute("SELECT setting FROM pg_settings WHERE name = 'jit'")
        assert cursor.fetchone() == ("off",)


def test_each_role_can_do_its_work_and_nothing_else(cluster: PostgreSQL, directory: Path) -> None:
    machine.needs_programs("redis-server", "psql")
    env = {**os.environ, "DATABASE_URL": cluster.url()}
    env.pop("PYTEST_ADDOPTS", None)
    redis = Redis(
        directory / "redis", directory / "redis.log", owner.of(directory), dict(os.environ)
    )
    with redis:
        env["REDIS_URL"] = f"unix://{redis.socket}"
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-x"]
        done = subprocess.run(
            [*command[:-1], "tests/system/inside_roles.py"],
            *(),
            check=False,
            cwd=CHECKOUT,
            env=env,
            capture_output=True,
            text=True,
            timeout=600,
        )
    assert done.returncode == 0, done.stdout[-20_000:]
