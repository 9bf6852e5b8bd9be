"""How PostgreSQL looks after tables whose rows all die: vacuum soon and fast, and keep no samples of ids."""

from django.db import migrations

# The server's default waits until a fifth of a table is dead, and then goes slowly.
VACUUM = {
    "autovacuum_vacuum_scale_factor": "0.02",
    "autovacuum_vacuum_threshold": "1000",
    "autovacuum_vacuum_cost_limit": "2000",
    "autovacuum_analyze_scale_factor": "0.05",
}
SETTINGS = {
    # room in each page for the counters' next versions, so that a delivery seldom touches its indexes
    "mailboxes_mailbox": {**VACUUM, "fillfactor": "80"},
    "mailboxes_message": VACUUM,
    # nearly all of it lies in its TOAST table, which has settings of its own
    "mailboxes_messagesource": {
        **VACUUM,
        **{f"toast.{name}": value for name, value in VACUUM.items() if "analyze" not in name},
    },
    "mailboxes_deduperecord": VACUUM,
    "mailboxes_purgerecord": VACUUM,
}

# ANALYZE keeps samples of a column in pg_statistic, also when their rows are gone. Of these there are none: nobody asks
# for a range of them, and that they are unique is known from their index.
WITHOUT_SAMPLES = {
    "mailboxes_mailbox": ("public_id", "address_digest", "sealed_address", "public_key"),
    "mailboxes_message": ("id", "sealed_summary"),
    "mailboxes_messagesource": ("id", "sealed"),
    "mailboxes_deduperecord": ("digest",),
    "mailboxes_purgerecord": ("mailbox_public_id",),
    "mailboxes_issuedaddress": ("digest",),
}

# It is compressed and sealed: compressing it once more is lost time.
STORAGE = "ALTER TABLE mailboxes_messagesource ALTER COLUMN sealed SET STORAGE"


def forwards(apps, schema_editor):
    if schema_editor.connection.vendor != "postgresql":
        return
    schema_editor.execute(f"{STORAGE} EXTERNAL")
    for table, settings in SETTINGS.items():
        listed = ", ".join(f"{name} = {value}" for name, value in settings.items())
        schema_editor.execute(f"ALTER TABLE {table} SET ({listed})")
    _set_statistics(schema_editor, 0)


def backwards(apps, schema_editor):
    if schema_editor.connection.vendor != "postgresql":
        return
    schema_editor.execute(f"{STORAGE} EXTENDED")
    for table, settings in SETTINGS.items():
        schema_editor.execute(f"ALTER TABLE {table} RESET ({', '.join(settings)})")
    _set_statistics(schema_editor, -1)


def _set_statistics(schema_editor, target):
    for table, columns in WITHOUT_SAMPLES.items():
        for column in columns:
            schema_editor.execute(
                f"ALTER TABLE {table} ALTER COLUMN {column} SET STATISTICS {target}"
            )


class Migration(migrations.Migration):
    dependencies = [("mailboxes", "0005_canary")]

    operations = [migrations.RunPython(forwards, backwards)]
