"""The app that owns tables and rules."""

from typing import Any

from django.apps import AppConfig
from django.contrib.admin.apps import SimpleAdminConfig
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate


class MailboxesConfig(AppConfig):
    default = True  # of several classes in this module Django takes none by itself
    name = "mailboxes"
    verbose_name = "Service"

    def ready(self) -> None:
        """Register our checks, shape new SQLite files, have each `migrate` note the key that must not change."""
        from mailboxes import checks  # noqa: F401
        from mailboxes.services import metrics

        metrics.begin()
        connection_created.connect(_shape_sqlite)
        post_migrate.connect(_note_the_key, sender=self)


class OperatorAdminConfig(SimpleAdminConfig):
    """Django's admin with our site in it, and with our registrations only: none that packages bring along."""

    default_site = "mailboxes.admin.site.OperatorSite"

    def ready(self) -> None:
        """Register what operators see."""
        super().ready()
        import mailboxes.admin  # noqa: F401


def _note_the_key(**kwargs: Any) -> None:
    from mailboxes.services import key_guard

    key_guard.note()


def _shape_sqlite(connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
    """Make a new SQLite file one that can shrink, and that readers and a writer share.

    Asked first, since setting auto_vacuum takes the writer's lock, which a connection to a busy file would wait for.
    """
    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA page_count")
        if cursor.fetchone() == (0,):
            cursor.execute("PRAGMA auto_vacuum=INCREMENTAL")
        cursor.execute("PRAGMA journal_mode=WAL")
