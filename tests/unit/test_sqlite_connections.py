"""A connection to SQLite: the file can shrink, and opening one waits for no writer."""

import sqlite3

import pytest
from django.db import connection, connections

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "sqlite", reason="only SQLite has one writer"),
]


def test_the_file_can_shrink_and_is_shared_by_readers_and_a_writer():
    with connection.cursor() as cursor:
        found = [
            cursor.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("auto_vacuum", "journal_mode", "secure_delete", "synchronous")
        ]
    assert found == [2, "wal", 1, 2]


def test_a_new_connection_does_not_wait_for_a_writer():
    writer = sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    fresh = connections.create_connection("default")
    fresh.settings_dict = {**fresh.settings_dict, "OPTIONS": {**fresh.settings_dict["OPTIONS"]}}
    fresh.settings_dict["OPTIONS"]["timeout"] = 0
    try:
        with fresh.cursor() as cursor:
            assert cursor.execute("SELECT COUNT(*) FROM mailboxes_domain").fetchone() == (0,)
    finally:
        fresh.close()
        writer.close()
