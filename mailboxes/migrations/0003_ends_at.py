"""When a mailbox ends, in one column; what the purge's clock and the keys are recognized by."""

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def keep_the_lifetime(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Let what exists live as long as its owner was told; from its next use on it may end unused."""
    rows = apps.get_model("mailboxes", "Mailbox").objects.using(schema_editor.connection.alias)
    rows.update(ends_at=models.F("expires_at"))


class Migration(migrations.Migration):
    dependencies = [("mailboxes", "0002_abuse_reports")]

    operations = [
        migrations.AddField("mailbox", "ends_at", models.DateTimeField(null=True)),
        migrations.RunPython(keep_the_lifetime, migrations.RunPython.noop, elidable=True),
        migrations.AlterField("mailbox", "ends_at", models.DateTimeField(db_index=True)),
        migrations.AlterField("mailbox", "expires_at", models.DateTimeField()),
        migrations.AlterField(
            model_name="purgerecord",
            name="reason",
            field=models.CharField(
                choices=[
                    ("expired", "its lifetime ended"),
                    ("unused", "nobody used it"),
                    ("closed", "its owner ended it"),
                ],
                max_length=8,
            ),
        ),
        migrations.CreateModel(
            name="ClockReading",
            fields=[
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("trusted", "the last one that was believed"),
                            ("suspected", "the first one after a jump"),
                        ],
                        max_length=9,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("database_time", models.DateTimeField()),
                ("boot_id", models.CharField(max_length=36)),
                ("uptime", models.FloatField(help_text="Seconds since boot.")),
            ],
        ),
        migrations.CreateModel(
            name="KeyFingerprint",
            fields=[
                ("name", models.CharField(max_length=32, primary_key=True, serialize=False)),
                ("fingerprint", models.BinaryField(max_length=16)),
            ],
        ),
    ]
