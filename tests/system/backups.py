"""A service with a history on a PostgreSQL of its own, and the scripts of deploy/backup/ run beside it."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.local.servers import PostgreSQL
from tests import documented
from tests.journey.remains import execute
from tests.system import machine

SCRIPTS = documented.ROOT / "deploy" / "backup"
KEEPING = Path(__file__).with_name("keeping")


@dataclass
class Service:
    """A database that was filled, with settings and keys beside it, and one backup of them."""

    postgresql: PostgreSQL
    directory: Path
    identity: Path
    facts: dict[str, Any]
    backup: Path

    def url(self, database: str) -> str:
        return self.postgresql.url(database)

    def new_database(self, name: str) -> str:
        """Make an empty database; return its URL."""
        execute(self.url("postgres"), f"CREATE DATABASE {name}")
        return self.url(name)

    def decrypted(self, path: Path) -> bytes:
        words = ["age", "--decrypt", "--identity", str(self.identity), str(path)]
        return subprocess.run(words, check=True, capture_output=True).stdout


def environment(directory: Path, url: str) -> dict[str, str]:
    """What the scripts and manage.py find: a server's directories, in one place."""
    keys = dict(line.split("=", 1) for line in secrets(directory).read_text().splitlines())
    return {
        **os.environ,
        **keys,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(documented.ROOT),
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "DATABASE_URL": url,
        "CONFIGURATION": str(directory / "etc"),
        "BACKUP_DIR": str(directory / "backups"),
        "CUSTOM_LOCAL_PARTS": "true",
    }


def secrets(directory: Path) -> Path:
    return directory / "etc" / "secrets.env"


def run(
    directory: Path, url: str, *words: str | Path, **more: str
) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(
        [str(word) for word in words],
        cwd=documented.ROOT,
        env={**environment(directory, url), **more},
        capture_output=True,
        check=False,
    )


def tables(url: str) -> list[str]:
    found = execute(url, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    return sorted(name for (name,) in found)


def rows(url: str, table: str) -> list[str]:
    return sorted(map(str, execute(url, f"SELECT {table}::text FROM {table}")))  # noqa: S608


@contextlib.contextmanager
def directory() -> Iterator[Path]:
    """Settings, keys, and a key pair of which a server has only the public half."""
    machine.needs_programs("age", "age-keygen", "pg_dump", "psql")
    made = Path(tempfile.mkdtemp(prefix="tempmail-backup-"))
    made.chmod(0o755)
    (made / "etc").mkdir()
    (made / "etc" / "tempmail.env").write_text("SITE_URL=https://mail.example\n")
    ensure = [sys.executable, "-m", "tempmail_site.secrets_file", str(secrets(made))]
    subprocess.run(ensure, check=True, cwd=documented.ROOT)
    subprocess.run(["age-keygen", "-o", made / "identity"], check=True, capture_output=True)
    public = subprocess.run(
        ["age-keygen", "-y", made / "identity"], check=True, capture_output=True
    )
    (made / "etc" / "backup-recipients").write_bytes(public.stdout)
    try:
        yield made
    finally:
        shutil.rmtree(made)


@contextlib.contextmanager
def service() -> Iterator[Service]:
    """Yield a service with a history, and its backup."""
    with (
        directory() as place,
        PostgreSQL(place / "postgresql", dict(os.environ), durable=False) as postgresql,
    ):
        url = postgresql.url("postgres")
        execute(url, "CREATE DATABASE before")
        url = postgresql.url("before")
        migrated = run(place, url, "python", "manage.py", "migrate", "--verbosity", "0")
        assert migrated.returncode == 0, migrated.stderr
        filled = run(place, url, "python", KEEPING / "fill.py")
        assert filled.returncode == 0, filled.stderr
        done = run(place, url, SCRIPTS / "backup.sh")
        assert done.returncode == 0, done.stderr
        (backup,) = (place / "backups").iterdir()
        identity = place / "identity"
        yield Service(postgresql, place, identity, json.loads(filled.stdout), backup)
