"""Migrations on a real PostgreSQL: what old code may still do after each, and what one does that has to wait."""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest
from django.db.migrations.loader import MigrationLoader

from deploy.local.servers import PostgreSQL
from deploy.server import database
from deploy.server.commands import CommandFailed
from tests import documented, migration_effects
from tests.system import machine
from tests.unit.test_migrations_additive import FIRST_RELEASE

SCRIPT = Path(__file__).with_name("keeping") / "old_code.py"
MIGRATE = ["manage.py", "migrate", "--verbosity", "0"]


@pytest.fixture(scope="module")
def postgresql() -> Iterator[PostgreSQL]:
    machine.needs_programs("psql")
    with tempfile.TemporaryDirectory(prefix="tempmail-migrations-") as directory:
        Path(directory).chmod(0o755)
        with PostgreSQL(Path(directory) / "pg", dict(os.environ), durable=False) as running:
            yield running


@pytest.fixture(scope="module")
def migrated(postgresql: PostgreSQL) -> str:
    """The name of a database with all tables, to copy."""
    assert python(new_database(postgresql, "migrated"), *MIGRATE).returncode == 0
    return "migrated"


def new_database(postgresql: PostgreSQL, name: str, template: str = "template0") -> str:
    connection = psycopg2.connect(postgresql.url())
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    connection.close()
    return postgresql.url(name)


def python(url: str, *words: str | Path, **more: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, *map(str, words)],
        cwd=documented.ROOT,
        env=environment(url, **more),
        capture_output=True,
        text=True,
        check=False,
    )


def environment(url: str, **more: str) -> dict[str, str]:
    settings = {"DJANGO_SETTINGS_MODULE": "tests.settings", "DATABASE_URL": url}
    return {**os.environ, **settings, "PYTHONPATH": str(documented.ROOT), **more}


def test_old_code_goes_on_after_each_migration_that_is_said_to_be_additive(
    postgresql: PostgreSQL,
) -> None:
    done = python(new_database(postgresql, "stepwise"), SCRIPT)
    assert done.returncode == 0, done.stderr
    refused = {name: found for name, found in json.loads(done.stdout).items() if found}
    loader = MigrationLoader(None)
    for name in refused:
        key = ("mailboxes", name)
        before = loader.project_state(key, at_end=False)
        assert migration_effects.of(loader.graph.nodes[key], before), (name, refused[name])
    # The test sees what it is for: from before the first release there are such migrations, and only there.
    assert refused["0008_webhooks"] == ["Mailbox: insert", "Message: insert"]
    assert max(refused) < f"{FIRST_RELEASE}~"


def test_a_migration_that_waits_for_a_lock_gives_up_before_others_wait_for_it(
    postgresql: PostgreSQL,
) -> None:
    """An ALTER TABLE waits for all who read the table, and all who come later wait for it."""
    url = new_database(postgresql, "busy")
    assert python(url, *MIGRATE, "mailboxes", "0008").returncode == 0
    reader = psycopg2.connect(url)
    with reader.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM mailboxes_domain")  # and its transaction stays open
    migrate = ["-W", "error", *MIGRATE, "mailboxes", "0009", "--skip-checks"]
    waits = python(url, *migrate, PGOPTIONS="-c lock_timeout=300ms")
    assert waits.returncode != 0
    assert "LockNotAvailable" in waits.stderr
    reader.rollback()
    again = python(url, *migrate, PGOPTIONS="-c lock_timeout=300ms")
    assert again.returncode == 0, again.stderr
    reader.close()


@pytest.mark.parametrize("kind", ["additive", "must be filled"])
def test_code_of_this_release_serves_on_while_the_next_one_migrates(
    postgresql: PostgreSQL, migrated: str, kind: str
) -> None:
    """The second kind shows that the first would be seen to fail."""
    url = new_database(postgresql, f"live_{len(kind)}", migrated)
    with contextlib.ExitStack() as stack:
        servers = [stack.enter_context(serving(url)) for _ in range(2)]
        for each in servers:
            assert each.stdout
            assert each.stdout.readline() == "serving\n"
        options = {"PGOPTIONS": "-c lock_timeout=500ms"}
        done = python(url, SCRIPT.with_name("migrate_live.py"), kind, **options)
        assert done.returncode == 0, done.stderr
        time.sleep(1)  # old code goes on for a while
        told = [json.loads(each.communicate("")[0]) for each in servers]
    errors = [error for each in told for error in each["errors"]]
    assert all(each["turns"] > 5 for each in told)
    if kind == "additive":
        assert errors == []
    else:
        assert any(error.startswith("Unavailable") for error in errors)  # nobody gets an address


def test_the_installer_tries_a_migration_again_that_had_to_wait_and_no_other(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ended = [failed("psycopg2.errors.LockNotAvailable: canceling"), failed("")]
    asked: list[dict[str, str]] = []

    def attempt(*words: object, env: dict[str, str], **options: object) -> object:
        asked.append(env)
        return ended.pop(0)

    monkeypatch.setattr(database.commands, "attempt", attempt)
    monkeypatch.setattr(database.environment, "for_role", lambda place: {})
    monkeypatch.setattr(database.record, "note", lambda **notes: None)
    monkeypatch.setattr(database.time, "sleep", lambda seconds: None)
    ended[1].returncode = 0
    database._migrate(tmp_path)
    assert asked == [{"PGOPTIONS": "-c lock_timeout=3s"}] * 2
    ended += [failed("no such table")]
    with pytest.raises(CommandFailed, match="no such table"):
        database._migrate(tmp_path)
    ended += [failed("LockNotAvailable")] * 10
    with pytest.raises(CommandFailed):
        database._migrate(tmp_path)
    assert not ended


def failed(words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.CompletedProcess([], 1, "", words)


def serving(url: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, SCRIPT.with_name("serve.py")],
        cwd=documented.ROOT,
        env=environment(url),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
