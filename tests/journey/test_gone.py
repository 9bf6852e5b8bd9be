"""Gone is gone: after its purge nothing of a mailbox is left in any table, file, log, Redis, page or stream."""

from pathlib import Path

import pytest

from deploy.local.stack import Stack
from tests.journey import life, probe, remains
from tests.journey.life import Life

PAST = "'2020-01-01 00:00:00'"


@pytest.fixture(params=["stack", "sqlite_stack"])
def either_stack(request: pytest.FixtureRequest) -> Stack:
    """The same instance on PostgreSQL and on SQLite."""
    stack: Stack = request.getfixturevalue(request.param)
    return stack


def test_nothing_is_left_of_a_purged_mailbox(either_stack: Stack) -> None:
    stack, log_began = either_stack, _log_position(either_stack)
    ended, expired = lives = [Life(stack), Life(stack)]
    for one in lives:
        one.read()
    _settle(stack)
    assert remains.found_in_files(_database_files(stack), remains.needles([ended.public_id]))
    with life.open_stream(ended) as told, life.waiting(ended) as answers:
        followed = remains.needles([ended.public_id])
        probe.wait_until(lambda: any(remains.found_in(v, followed) for v in _redis(stack)))
        assert ended.page("end", confirm="yes").status == 303
    assert told[-1].endswith("event: ended\ndata: {}\n\n")
    assert answers[0].status == 410
    remains.query(stack, f"UPDATE mailboxes_mailbox SET ends_at = {PAST} WHERE {expired.is_row}")  # noqa: S608
    _assert_unreadable(expired)
    assert "mailboxes=" in stack.manage("purge")
    for one in lives:  # what finds nothing is counted against this client: so not all of it again
        assert one.page("?q=zanzibar").status == 404
        assert one.page("events").status == 404
    _assert_digests_and_records_are_left(stack, lives)
    remains.query(stack, f"UPDATE mailboxes_purgerecord SET purged_at = {PAST}")  # noqa: S608
    stack.manage("purge")
    # What the launcher does every few minutes: after the second time nothing of the first is left.
    for _ in range(2):
        stack.turn_mail_log_over()
    _vacuum(stack, lives)
    _assert_nothing_is_left(stack, lives)
    _assert_write_ahead_log_is_sealed(stack, lives, log_began)


def _assert_unreadable(one: Life) -> None:
    for path in ("", "?q=zanzibar", "list", "events", f"{one.message_id}/"):
        assert one.page(path).status == 404, path
    for path in ("emails/me", "emails/me?wait=5", f"email/{one.message_id}"):
        assert one.inbox.api("GET", path).status == 401, path
    assert probe.answer_to(one.stack, one.inbox.address)[0] == 550


def _assert_digests_and_records_are_left(stack: Stack, lives: list[Life]) -> None:
    """These and no other row: for good the digest that keeps the address from being reissued, for a day the record."""
    looked_for = remains.needles(x for one in lives for x in (*one.secrets, *one.traces))
    left = {
        (table, value)
        for table, row in remains.rows(stack)
        for value in remains.found_in(row, looked_for)
    }
    digests = {("mailboxes_issuedaddress", one.digest) for one in lives}
    records = {("mailboxes_purgerecord", one.public_id.encode()) for one in lives}
    assert left == digests | records


def _assert_nothing_is_left(stack: Stack, lives: list[Life]) -> None:
    traces = [x for one in lives for x in one.traces if x != one.digest]
    looked_for = remains.needles([*life.TEXTS, *traces, *(x for one in lives for x in one.secrets)])
    places = remains.own_directories(stack) + _database_files(stack)
    assert remains.found_in_files(places, looked_for) == {}
    for value in _redis(stack):
        assert remains.found_in(value, looked_for) == set()
    for table, row in remains.rows(stack):
        assert remains.found_in(row, looked_for) == set(), table


def _assert_write_ahead_log_is_sealed(stack: Stack, lives: list[Life], began: str) -> None:
    """It repeats what was stored until PostgreSQL uses its files again: nothing of it in clear."""
    texts = [*life.TEXTS, *(text for one in lives for text in one.secrets)]
    ended = _log_position(stack)
    for file in (_cluster(stack) / "pg_wal").iterdir() if ended else ():
        if began <= file.name <= ended:
            content = file.read_bytes()
            assert not [text for text in texts if text.encode() in content], file


def _redis(stack: Stack) -> list[bytes]:
    return list(remains.redis_values(stack))


def _settle(stack: Stack) -> None:
    """Have PostgreSQL look at all rows, as it does at times, and write all that it has in memory."""
    if remains.is_postgresql(stack):
        remains.query(stack, "ANALYZE")
        remains.query(stack, "CHECKPOINT")


def _vacuum(stack: Stack, lives: list[Life]) -> None:
    """SQLite has overwritten what it deleted; `purge` empties its log too, unless others write at that moment.

    PostgreSQL keeps the bytes of deleted rows in the free room of their pages until others come there: sealed, but for
    ids. FULL leaves that room out; what is found after it is kept in another place.
    """
    if not remains.is_postgresql(stack):
        remains.query(stack, "PRAGMA wal_checkpoint(TRUNCATE)")
        return
    for statement in ("VACUUM", "CHECKPOINT"):
        remains.query(stack, statement)
    in_clear = remains.needles([*life.TEXTS, *(text for one in lives for text in one.secrets)])
    assert remains.found_in_files(_database_files(stack), in_clear) == {}
    for statement in ("VACUUM FULL", "CHECKPOINT"):
        remains.query(stack, statement)


def _database_files(stack: Stack) -> list[Path]:
    """Return where the database is, and the log of its server."""
    if not remains.is_postgresql(stack):
        return [stack.data_dir]
    cluster = _cluster(stack)
    ((oid,),) = remains.query(
        stack, "SELECT oid FROM pg_database WHERE datname = current_database()"
    )
    own = [path for path in cluster.iterdir() if path.name not in ("base", "pg_wal", "pg_tblspc")]
    return [cluster / "base" / str(oid), *own, cluster.parent / "log"]


def _log_position(stack: Stack) -> str:
    if not remains.is_postgresql(stack):
        return ""
    ((name,),) = remains.query(stack, "SELECT pg_walfile_name(pg_current_wal_lsn())")
    return str(name)


def _cluster(stack: Stack) -> Path:
    ((directory,),) = remains.query(stack, "SHOW data_directory")
    return Path(str(directory))
