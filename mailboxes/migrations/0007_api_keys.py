"""API keys with scopes, domains and limits of their own; what is remembered of a request that may be repeated."""

import django.core.validators
from django.db import migrations, models

# On PostgreSQL as in 0006: vacuumed soon, and without samples of digests.
VACUUM = {
    "autovacuum_vacuum_scale_factor": "0.02",
    "autovacuum_vacuum_threshold": "1000",
    "autovacuum_vacuum_cost_limit": "2000",
    "autovacuum_analyze_scale_factor": "0.05",
}
WITHOUT_SAMPLES = {"mailboxes_idempotencyrecord": ("digest", "request_digest", "salt")}


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
    dependencies = [("mailboxes", "0006_vacuum_settings")]

    operations = [
        migrations.CreateModel(
            name="IdempotencyRecord",
            fields=[
                ("digest", models.BinaryField(max_length=16, primary_key=True, serialize=False)),
                ("request_digest", models.BinaryField(max_length=16)),
                ("salt", models.BinaryField(max_length=16)),
                ("created_at", models.DateTimeField(db_index=True)),
            ],
        ),
        migrations.AlterModelOptions(
            name="apikey",
            options={"ordering": ("name",), "verbose_name": "API key"},
        ),
        migrations.AddField(
            model_name="apikey",
            name="any_domain",
            field=models.BooleanField(
                default=True,
                help_text="All those that visitors are offered.",
                verbose_name="any domain",
            ),
        ),
        migrations.AddField(
            model_name="apikey",
            name="creations_per_day",
            field=models.PositiveIntegerField(
                default=10_000, validators=[django.core.validators.MinValueValidator(1)]
            ),
        ),
        migrations.AddField(
            model_name="apikey",
            name="domains",
            field=models.ManyToManyField(
                blank=True,
                help_text="Otherwise: only these, whether visitors are offered them or not.",
                related_name="+",
                to="mailboxes.domain",
            ),
        ),
        migrations.AddField(
            model_name="apikey",
            name="may_choose_name",
            field=models.BooleanField(
                default=False,
                help_text="Only where CUSTOM_LOCAL_PARTS is on.",
                verbose_name="may choose names",
            ),
        ),
        migrations.AddField(
            model_name="apikey",
            name="may_create",
            field=models.BooleanField(
                default=True,
                help_text="Off: the key is known, and refused.",
                verbose_name="may create addresses",
            ),
        ),
        migrations.AlterField(
            model_name="apikey",
            name="creations_per_minute",
            field=models.PositiveIntegerField(
                default=60, validators=[django.core.validators.MinValueValidator(1)]
            ),
        ),
        migrations.AlterField(
            model_name="apikey",
            name="name",
            field=models.CharField(
                help_text="What or whom it is for; one key a name.", max_length=100, unique=True
            ),
        ),
        migrations.RunPython(forwards, backwards),
    ]
