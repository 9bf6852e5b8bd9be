"""PostgreSQL: keeps what was committed, has room for our connections, vacuums, and logs nothing of what it is asked."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from django.conf import settings
from django.db import Error, connection

from mailboxes import database_pool
from tempmail_site.doctor import room
from tempmail_site.doctor.findings import CannotLook, Finding, check, fault, ok, warning

_LOWEST = 14  # Django 5.2's
_WRAPAROUND = 1_500_000_000  # of 2,147 million transactions
_DEAD_ROWS = 200_000
_TASK_PROCESSES = 3  # two children of Celery and the one that beats
_SPARE = 5  # manage.py, this doctor, an operator's psql
PAGE_THREADS = 10  # of one site process: tempmail_site.asgi

# What has to be in force so that an answer of 250 holds, and what happens otherwise.
_DURABLE = {
    "fsync": "after a power cut the database may be beyond repair",
    "full_page_writes": "a page that was half written stays so",
    "synchronous_commit": "what was answered 250 may be lost in a crash",
}
# docs/logs.md: neither statements nor values nor clients in its log.
QUIET_LOG = {
    "log_min_messages": ("log", "fatal", "panic"),
    "log_min_error_statement": ("log", "fatal", "panic"),
    "log_error_verbosity": ("terse",),
    "log_statement": ("none",),
    "log_min_duration_statement": ("-1",),
    "log_min_duration_sample": ("-1",),
    "log_transaction_sample_rate": ("0",),
    "log_duration": ("off",),
    "log_parameter_max_length": ("0",),
    "log_parameter_max_length_on_error": ("0",),
    "log_connections": ("off",),
    "log_disconnections": ("off",),
    "log_hostname": ("off",),
    "log_lock_waits": ("off",),
    "log_temp_files": ("-1",),
    "log_autovacuum_min_duration": ("-1",),
}
_TELLING = ("auto_explain", "pg_stat_statements")


@check("postgresql.version", "Older ones are not supported by Django, later ones not tried.")
def version() -> Iterator[Finding]:
    """14 and later, in UTF-8, and not a standby."""
    _need_postgresql()
    number = int(_settings("server_version_num")["server_version_num"])
    if number // 10_000 < _LOWEST:
        yield fault(f"PostgreSQL {number // 10_000}", f"Upgrade it: {_LOWEST} or later is needed.")
    else:
        yield ok(f"PostgreSQL {number // 10_000}.{number % 10_000}")
    if _one("SHOW server_encoding") != "UTF8":
        yield fault("its encoding is not UTF8", "Make the database again: createdb -E UTF8")
    if _one("SELECT pg_is_in_recovery()"):
        words = "it is a standby: nothing can be written"
        yield fault(words, "Point DATABASE_URL at the primary, or promote this one.")


@check("postgresql.durability", "250 means that a message will not be lost (G1).")
def durability() -> Iterator[Finding]:
    """What was committed is on the disk."""
    _need_postgresql()
    found = _settings(*_DURABLE)
    weak = {name: why for name, why in _DURABLE.items() if found[name] == "off"}
    for name, why in weak.items():
        yield fault(f"{name} is off: {why}", f"ALTER SYSTEM RESET {name}; and restart PostgreSQL.")
    if not weak:
        yield ok(", ".join(f"{name} {value}" for name, value in found.items()))


@check("postgresql.autovacuum", "All rows here die: without vacuum tables grow for ever.")
def autovacuum() -> Iterator[Finding]:
    """On, following our tables, and getting through."""
    _need_postgresql()
    found = _settings("autovacuum", "track_counts")
    for name in [name for name, value in found.items() if value == "off"]:
        yield fault(f"{name} is off", f"ALTER SYSTEM SET {name} = on; SELECT pg_reload_conf();")
    for table, dead, living in _rows(
        "SELECT relname, n_dead_tup, n_live_tup FROM pg_stat_user_tables"
        " WHERE n_dead_tup > greatest(%s, n_live_tup)",
        _DEAD_ROWS,
    ):
        words = (
            f"{table} has {dead} dead rows and {living} living ones: vacuum does not get through"
        )
        remedy = "Look for transactions that stay open (pg_stat_activity, xact_start); VACUUM it."
        yield warning(words, remedy)
    age = int(str(_one("SELECT max(age(datfrozenxid)) FROM pg_database")))
    if age > _WRAPAROUND:
        words = f"the oldest transaction is {age} back: at 2,100 million the database stops"
        yield fault(words, "VACUUM (FREEZE) each database, and see what keeps autovacuum from it.")
    if "off" not in found.values():
        yield ok(f"autovacuum is on; the oldest transaction is {age:,} back")


@check("postgresql.connections", "One connection too many is a page or a delivery that fails.")
def connections() -> Iterator[Finding]:
    """What one site process, the worker and the tasks may open, and what is left beside others."""
    _need_postgresql()
    found = _settings("max_connections", "superuser_reserved_connections")
    limit = int(found["max_connections"]) - int(found["superuser_reserved_connections"])
    others = int(
        str(_one("SELECT count(*) FROM pg_stat_activity WHERE datname <> current_database()"))
    )
    needed = needed_connections()
    words = (
        f"{needed} may be needed (with one site process), {limit} are allowed, {others} are others'"
    )
    if needed + others > limit:
        remedy = f"Raise max_connections to {needed + others + 10} or more, or set up pgbouncer."
        yield fault(words, remedy)
    else:
        yield ok(words)


def needed_connections() -> int:
    """Return how many connections our processes may hold at once: two for each of the worker's."""
    site = PAGE_THREADS + database_pool.THREADS + database_pool.READING_THREADS
    return site + 2 * max(1, settings.DELIVERY_PROCESSES) + _TASK_PROCESSES + _SPARE


@check("postgresql.log", "Its log outlives mailboxes, and may quote values (G6).")
def quiet_log() -> Iterator[Finding]:
    """As in docs/logs.md."""
    _need_postgresql()
    found = _settings(*QUIET_LOG)
    loud = [f"{name}={value}" for name, value in found.items() if value not in QUIET_LOG[name]]
    remedy = "Set what docs/logs.md lists under PostgreSQL, and reload it."
    if loud:
        yield warning(f"its log may tell of mail and visitors: {', '.join(loud)}", remedy)
    libraries = _settings("shared_preload_libraries", "session_preload_libraries")
    if telling := [name for name in _TELLING if any(name in text for text in libraries.values())]:
        words = f"{', '.join(telling)} keeps statements"
        yield fault(words, "Take it out of shared_preload_libraries, and restart PostgreSQL.")
    if not loud and not telling:
        yield ok("its log tells nothing of what it is asked")


@check("postgresql.space", "A PostgreSQL that cannot write stops, and mail waits.")
def space() -> Iterator[Finding]:
    """On this host only, and only where its directory may be named."""
    _need_postgresql()
    try:
        directory = Path(str(_one("SHOW data_directory")))
    except Error:
        connection.close()
        raise CannotLook("our role may not ask where its directory is") from None
    if not directory.is_dir():
        raise CannotLook("its directory is on another host, or closed to this user")
    yield from room.room(directory, "PostgreSQL's directory")


def _need_postgresql() -> None:
    if connection.vendor != "postgresql":
        raise CannotLook("the database is no PostgreSQL")


def _settings(*names: str) -> Mapping[str, str]:
    """The values in force for our connections, by name."""
    rows = _rows(
        "SELECT name, current_setting(name) FROM pg_settings WHERE name = ANY(%s)", list(names)
    )
    found = {str(name): str(value) for name, value in rows}
    return {name: found[name] for name in names if name in found}


def _one(statement: str) -> object:
    return _rows(statement)[0][0]


def _rows(statement: str, *values: int | list[str]) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values or None)
        return list(cursor.fetchall())
