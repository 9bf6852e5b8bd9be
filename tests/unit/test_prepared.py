"""Statements put together once: the same as Django's own, and no more of them for many messages than for one."""

import pytest
from django.db import DatabaseError, IntegrityError, NotSupportedError, connection, transaction
from django.db.models.sql.compiler import SQLCompiler
from django.test.utils import CaptureQueriesContext

from mailboxes.models.mailboxes import Mailbox
from mailboxes.models.records import DedupeRecord
from mailboxes.services import batches, clock, creation, intake, prepared, reading, recipients
from mailboxes.services.parcels import Envelope
from tests import messages

pytestmark = pytest.mark.django_db


@prepared.Lookup
def known(digests):  # type: ignore[no-untyped-def]
    rows = DedupeRecord.objects.filter(digest__in=digests)
    return rows.order_by("digest").values_list("digest", "created_at")


def digests(count: int) -> list[bytes]:
    return [number.to_bytes(16) for number in range(count)]


@pytest.mark.parametrize("count", [1, 2, 64, 65])
def test_a_lookup_finds_what_its_queryset_finds(count: int) -> None:
    now = clock.now()
    DedupeRecord.objects.bulk_create(DedupeRecord(digest=d, created_at=now) for d in digests(count))
    expected = [(digest, now) for digest in digests(count)]
    for wanted in (digests(count), digests(count)[::-1]):
        assert [(bytes(digest), at) for digest, at in known(wanted)] == expected
    assert known([b"x" * 16] * count) == []
    assert known([]) == []


def test_a_lookup_is_compiled_once_for_a_number_of_digests(monkeypatch) -> None:
    known(digests(3))

    def compiled(*_args: object) -> None:
        raise AssertionError

    monkeypatch.setattr(SQLCompiler, "as_sql", compiled)
    assert known([b"y" * 16, *digests(2)]) == []


def test_only_rows_that_are_new_are_inserted_and_said() -> None:
    now = clock.now()
    rows = [DedupeRecord(digest=digest, created_at=now) for digest in digests(4)]
    assert prepared.insert_new(rows[:2]) == set(digests(2))
    assert prepared.insert_new(rows) == set(digests(4)) - set(digests(2))
    assert DedupeRecord.objects.count() == 4


needs_postgresql = pytest.mark.skipif(
    connection.vendor != "postgresql", reason="SQLite keeps plans by itself"
)


def asked(count: int) -> str:
    """The SQL of a lookup, as the server gets it."""
    with CaptureQueriesContext(connection) as captured:
        known(digests(count))
    (query,) = captured
    return query["sql"]


@needs_postgresql
def test_a_statement_is_planned_once_for_a_connection() -> None:
    assert asked(5).startswith("PREPARE ")
    assert asked(5).startswith("EXECUTE ")
    assert asked(6).startswith("PREPARE ")
    assert asked(9).startswith("SELECT ")  # for so many planning is the smaller part


@needs_postgresql
def test_behind_a_pooler_no_plan_is_kept(monkeypatch) -> None:
    monkeypatch.setitem(connection.settings_dict, "DISABLE_SERVER_SIDE_CURSORS", True)
    assert asked(4).startswith("SELECT ")
    assert asked(4).startswith("SELECT ")


@needs_postgresql
def test_a_migration_of_a_column_fails_one_use_of_a_plan() -> None:
    known(digests(1))
    with connection.cursor() as cursor:
        cursor.execute(
            "ALTER TABLE mailboxes_deduperecord ALTER COLUMN created_at TYPE timestamptz(3)"
        )
    with pytest.raises(NotSupportedError), transaction.atomic():
        known(digests(1))
    assert known(digests(1)) == []
    prepared._plans.clear()  # the end of this test takes the migration back


@needs_postgresql
@pytest.mark.django_db(transaction=True)
def test_without_a_transaction_nobody_notices_and_nothing_is_tried_for_ever(monkeypatch) -> None:
    known(digests(1))
    with connection.cursor() as cursor:
        cursor.execute("DEALLOCATE ALL")
    assert known(digests(1)) == []
    wrong = [prepared.Write("SELECT 1 FROM nowhere", (), is_planned=True)]
    monkeypatch.setattr(prepared, "is_of_plans", lambda _error: True)
    with pytest.raises(DatabaseError):
        prepared.run(wrong)


@needs_postgresql
def test_plans_that_the_server_does_not_have_fail_once() -> None:
    known(digests(1))
    with connection.cursor() as cursor:
        cursor.execute("DEALLOCATE ALL")
    with pytest.raises(DatabaseError), transaction.atomic():
        known(digests(1))
    assert known(digests(1)) == []


def plans() -> int:
    """How many the server holds for this connection."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements")
        return cursor.fetchone()[0]


@needs_postgresql
def test_a_statement_that_fails_has_a_plan_and_no_second_one() -> None:
    prepared._plans.clear()
    before = plans()
    row = DedupeRecord(digest=digests(1)[0], created_at=None)  # type: ignore[misc]
    for _ in range(3):
        with pytest.raises(IntegrityError), transaction.atomic():
            prepared.run([prepared.update(row, {"created_at"}), prepared.insert([row])])
    row.created_at = now = clock.now()
    prepared.run([prepared.insert([row]), prepared.update(row, {"created_at"})])
    assert DedupeRecord.objects.get().created_at == now
    assert plans() == before + 2


def test_an_update_changes_the_fields_that_are_named(owner) -> None:
    mailbox = Mailbox.objects.get(pk=owner.mailbox.pk)
    mailbox.message_count, mailbox.stored_bytes = 7, 8
    prepared.run([prepared.update(mailbox, {"message_count"})])
    mailbox.refresh_from_db()
    assert (mailbox.message_count, mailbox.stored_bytes) == (7, 0)


def test_many_messages_take_as_many_round_trips_as_one(owner, stranger) -> None:
    def trips(*addresses: str, received: str) -> int:
        deliveries = [
            intake.prepare(
                Envelope("4Q", "a@b.example", addresses), messages.plain(received=f"{received} {n}")
            )
            for n in range(1 if len(addresses) == 1 else 8)
        ]
        with CaptureQueriesContext(connection) as captured:
            intake.store_many(deliveries)
        return len([q for q in captured if "SAVEPOINT" not in q["sql"]])

    one = trips(owner.address, received="one")
    # BEGIN and COMMIT are not among them; SQLite has no round trips, and takes one statement at a time
    assert one == (3 if connection.vendor == "postgresql" else 5)
    many = trips(owner.address, stranger.address, received="many")
    assert many == one + (connection.vendor == "sqlite")  # one mailbox more


def test_rcpt_is_one_statement(domain) -> None:
    made = creation.create()
    with CaptureQueriesContext(connection) as captured:
        status = recipients.recipient_status(made.address)
    assert (status, len(captured)) == (recipients.RecipientStatus.ACCEPTED, 1)


def test_what_is_too_large_to_be_held_at_once_is_written_in_parts(
    owner, stranger, monkeypatch
) -> None:
    monkeypatch.setattr(batches, "PART_BYTES", 1)
    written: list[prepared.Write] = []
    run = prepared.run
    monkeypatch.setattr(prepared, "run", lambda writes: (written.extend(writes), run(writes)))
    raw = messages.plain()
    recipients_ = (owner.address, stranger.address)
    delivery = intake.prepare(Envelope("4Q", "a@b.example", recipients_), raw)
    assert intake.store_many([delivery]) == [[intake.Outcome.STORED] * 2]
    assert sum('INSERT INTO "mailboxes_messagesource"' in write.sql for write in written) == 2
    for created in (owner, stranger):
        mailbox = Mailbox.objects.get(pk=created.mailbox.pk)
        assert (mailbox.message_count, mailbox.stored_bytes) == (1, len(raw))
        opened = reading.open_by_token(created.token)
        (item,) = reading.page(opened, limit=5).items
        assert reading.message(opened, item.id).raw.endswith(raw)
