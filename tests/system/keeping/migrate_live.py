"""Applies, to the tables of this release, what a next release might: `additive`, or a column that must be filled."""

import sys
import time

import django

django.setup()

from django.contrib.postgres.operations import AddIndexConcurrently  # noqa: E402
from django.db import OperationalError, connection, migrations, models  # noqa: E402
from django.db.migrations.loader import MigrationLoader  # noqa: E402

from tests import migration_effects  # noqa: E402

TRIES = 40
INDEX = models.Index(fields=["created_at"], name="next_release")
KINDS = {
    "additive": [
        migrations.AddField("mailbox", "note", models.CharField(max_length=9, null=True)),
        migrations.AddField("mailbox", "colour", models.IntegerField(db_default=7)),
        migrations.AddField("message", "weight", models.BigIntegerField(db_default=0)),
        migrations.AlterField("mailbox", "public_id", models.CharField(max_length=99, unique=True)),
        migrations.CreateModel("Next", [("id", models.BigAutoField(primary_key=True))]),
        AddIndexConcurrently("mailbox", INDEX),
    ],
    "must be filled": [migrations.AddField("mailbox", "much", models.IntegerField(default=1))],
}


def apply(operation: migrations.operations.base.Operation, state: object) -> object:
    """Apply it as one migration of its own, and as often as it takes to get its lock."""
    made = type("Migration", (migrations.Migration,), {"operations": [operation]})
    made.atomic = not isinstance(operation, AddIndexConcurrently)
    for _ in range(TRIES):
        try:
            with connection.schema_editor(atomic=made.atomic) as editor:
                return made("next", "mailboxes").apply(state.clone(), editor)
        except OperationalError as error:
            if "lock timeout" not in str(error):
                raise
            print("waits")
            time.sleep(0.2)
    raise SystemExit("no lock")


kind = sys.argv[1]
state = MigrationLoader(connection).project_state()
for operation in KINDS[kind]:
    one = type("Migration", (migrations.Migration,), {"operations": [operation]})
    effects = migration_effects.of(one("next", "mailboxes"), state)
    assert bool(effects) == (kind != "additive"), effects
    state = apply(operation, state)
