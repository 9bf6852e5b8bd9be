"""Space comes back to the disk after a purge, and what was deleted is kept nowhere."""

import importlib
import os
import uuid
from pathlib import Path

import pytest
from django.db import connection

from mailboxes.models.messages import MessageSource
from mailboxes.services import clock, space


@pytest.fixture
def file(transactional_db: None) -> Path:
    if connection.vendor != "sqlite":
        pytest.skip("only SQLite keeps all in one file")
    return Path(connection.settings_dict["NAME"])


def fill() -> bytes:
    """Store two megabytes and delete them; return what could be found of them."""
    marker, now = os.urandom(32), clock.now()
    MessageSource.objects.bulk_create(
        MessageSource(received_at=now, id=uuid.uuid4(), sealed=marker * 640) for _ in range(100)
    )
    return marker


def test_the_file_shrinks_and_holds_nothing_of_what_was_deleted(file: Path) -> None:
    space.give_back()
    before, marker = file.stat().st_size, fill()
    log = file.with_name(f"{file.name}-wal")
    assert marker in log.read_bytes()
    MessageSource.objects.all().delete()
    assert space.give_back() >= 500
    assert file.stat().st_size <= before + 50_000
    assert log.stat().st_size == 0
    assert marker not in file.read_bytes()


def test_a_run_is_bounded_and_the_next_one_goes_on(file: Path, monkeypatch) -> None:
    space.give_back()
    monkeypatch.setattr(space, "PAGES", 10)
    monkeypatch.setattr(space, "TRANSACTIONS", 3)
    fill()
    MessageSource.objects.all().delete()
    assert space.give_back() == 30
    assert space.give_back() == 30


def test_waiting_for_the_database_is_as_patient_afterwards_as_before(file: Path) -> None:
    space.give_back()
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout")
        assert cursor.fetchone() == (10_000,)


def test_within_a_transaction_nothing_is_done(db: None) -> None:
    if connection.vendor == "sqlite":
        assert space.give_back() == 0


def test_vacuum_makes_the_table_of_postgresql_small_again(transactional_db: None) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("only PostgreSQL is vacuumed")
    fill()
    full = _bytes_of_sources()
    MessageSource.objects.all().delete()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM mailboxes_messagesource")
    assert full > 2_000_000
    assert _bytes_of_sources() < 200_000


def test_postgresql_vacuums_early_and_keeps_no_samples_of_ids_and_ciphertext(db: None) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("these are settings of PostgreSQL")
    names = ("0006_vacuum_settings", "0007_api_keys", "0008_webhooks")
    steps = [importlib.import_module(f"mailboxes.migrations.{name}") for name in names]
    unsampled = {
        table: set(columns) for step in steps for table, columns in step.WITHOUT_SAMPLES.items()
    }
    vacuumed = set(unsampled) - {"mailboxes_issuedaddress"}  # whose rows never die
    assert _settings() == (vacuumed, unsampled)
    with connection.schema_editor() as editor:
        for step in steps:
            step.backwards(None, editor)
    assert _settings() == (set(), {})
    with connection.schema_editor() as editor:
        for step in steps:
            step.forwards(None, editor)
    assert _settings() == (vacuumed, unsampled)


def _settings() -> tuple[set[str], dict[str, set[str]]]:
    """Return which tables have vacuum settings, and which columns no samples."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND reloptions IS NOT NULL"
            " AND relname LIKE 'mailboxes%'"
        )
        tables = {name for (name,) in cursor.fetchall()}
        cursor.execute(
            "SELECT relname, attname FROM pg_attribute JOIN pg_class ON attrelid = pg_class.oid"
            " WHERE relkind = 'r' AND attstattarget = 0 AND NOT attisdropped"
            " AND attnum > 0 ORDER BY attnum"
        )
        columns: dict[str, set[str]] = {}
        for table, column in cursor.fetchall():
            columns.setdefault(table, set()).add(column)
    return tables, columns


def _bytes_of_sources() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_total_relation_size('mailboxes_messagesource')")
        (size,) = cursor.fetchone()
    return size
