"""The database, whichever it is: answers, knows our tables, is quick enough."""

import time
from collections.abc import Iterator

from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader

from tempmail_site.doctor import looking
from tempmail_site.doctor.findings import Finding, check, fault, ok, warning

_SLOW = 0.2  # seconds for a question that needs no table


@check("database.reachable", "Without it RCPT is answered 451, and pages fail.")
def reachable() -> Iterator[Finding]:
    """Asked twice: the first time includes making the connection."""
    try:
        connection.ensure_connection()
        began = time.monotonic()
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error as error:
        # the text of a driver names hosts and users, never a password
        words = f"the database does not answer: {_first_line(error)}"
        yield fault(
            words, "Start it, or correct DATABASE_URL; mail waits in Postfix's queue meanwhile."
        )
        return
    took = time.monotonic() - began
    if took > _SLOW:
        words = f"the database needs {took:.2f} s for nothing"
        yield warning(words, "Look at its load, its disk, and the network between.")
    else:
        yield ok(f"{connection.display_name} answers in {took * 1000:.1f} ms")


@check("database.migrations", "Code and tables of different releases do not work together.")
def migrations() -> Iterator[Finding]:
    """Each migration of this release is applied, and none of a later one."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if plan:
        names = ", ".join(f"{one.app_label}.{one.name}" for one, _ in plan[:5])
        yield fault(f"{len(plan)} migrations are not applied: {names}", "manage.py migrate")
    elif later := _unknown(executor.loader):
        words = f"the database is ahead of this release: {', '.join(later[:5])}"
        yield warning(words, "Install the release that it was migrated with.")
    else:
        yield ok("all are applied")


def _unknown(loader: MigrationLoader) -> list[str]:
    """Migrations of our apps that were applied and that this release does not have."""
    apps = loader.migrated_apps
    known = set(loader.disk_migrations or ()) | set(loader.replacements or ())
    applied = loader.applied_migrations or ()
    return sorted(
        f"{app}.{name}" for app, name in applied if app in apps and (app, name) not in known
    )


def _first_line(error: Error) -> str:
    return looking.one_line(str(error))
