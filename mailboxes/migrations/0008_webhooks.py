"""Webhooks and their outbox. On PostgreSQL vacuumed soon, and without samples of ids, as in 0006."""

import django.db.models.deletion
from django.db import migrations, models

VACUUM = {
    "autovacuum_vacuum_scale_factor": "0.02",
    "autovacuum_vacuum_threshold": "1000",
    "autovacuum_vacuum_cost_limit": "2000",
    "autovacuum_analyze_scale_factor": "0.05",
}
WITHOUT_SAMPLES = {
    "mailboxes_webhook": ("id", "sealed", "domain_digest"),
    "mailboxes_webhookevent": ("id", "webhook_id", "message_id"),
}


def forwards(apps, schema_editor):
    _set(schema_editor, "SET ({})".format(", ".join(f"{k} = {v}" for k, v in VACUUM.items())), 0)


def backwards(apps, schema_editor):
    _set(schema_editor, "RESET ({})".format(", ".join(VACUUM)), -1)


def _set(schema_editor, words, target):
    if schema_editor.connection.vendor != "postgresql":
        return
    for table, columns in WITHOUT_SAMPLES.items():
        schema_editor.execute(f"ALTER TABLE {table} {words}")
        for column in columns:
            schema_editor.execute(
                f"ALTER TABLE {table} ALTER COLUMN {column} SET STATISTICS {target}"
            )


class Migration(migrations.Migration):
    dependencies = [("mailboxes", "0007_api_keys")]

    operations = [
        migrations.AddField(
            model_name="mailbox",
            name="webhook_count",
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.CreateModel(
            name="Webhook",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField()),
                ("sealed", models.BinaryField()),
                ("domain_digest", models.BinaryField(max_length=16)),
                (
                    "last_result",
                    models.CharField(
                        choices=[
                            ("none", "nothing was sent yet"),
                            ("delivered", "answered with 2xx"),
                            ("rejected", "answered with something else"),
                            ("unreachable", "not answered, or not to be reached"),
                        ],
                        default="none",
                        max_length=11,
                    ),
                ),
                ("failures", models.PositiveIntegerField(default=0, help_text="In a row.")),
                ("failing_since", models.DateTimeField(blank=True, null=True)),
                ("disabled_at", models.DateTimeField(blank=True, null=True)),
                (
                    "mailbox",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="webhooks",
                        to="mailboxes.mailbox",
                    ),
                ),
            ],
            options={"ordering": ("created_at", "id")},
        ),
        migrations.CreateModel(
            name="WebhookEvent",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("message_id", models.UUIDField()),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("due_at", models.DateTimeField(db_index=True)),
                (
                    "webhook",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="events",
                        to="mailboxes.webhook",
                    ),
                ),
            ],
        ),
        migrations.RunPython(forwards, backwards),
    ]
