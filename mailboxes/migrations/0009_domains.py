"""How a domain is, and what the doctor found."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("mailboxes", "0008_webhooks")]

    operations = [
        migrations.AddField(
            model_name="domain",
            name="health",
            field=models.CharField(
                choices=[
                    ("unknown", "not known"),
                    ("good", "good"),
                    ("weak", "mail may be refused or lost"),
                    ("bad", "mail does not arrive"),
                ],
                default="unknown",
                editable=False,
                max_length=7,
            ),
        ),
        migrations.CreateModel(
            name="DomainReport",
            fields=[
                (
                    "domain",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="report",
                        serialize=False,
                        to="mailboxes.domain",
                    ),
                ),
                ("checked_at", models.DateTimeField(db_index=True)),
                ("findings", models.JSONField(default=list)),
            ],
        ),
    ]
