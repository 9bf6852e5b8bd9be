"""Blocks, freezing, pausing, and the record of what operators did."""

from django.db import migrations, models

KINDS = [
    ("sender", "sender"),
    ("domain", "sender domain with its subdomains"),
    ("network", "network"),
    ("name", "name that nobody may choose"),
]
ACTS = [
    ("block", "blocked"),
    ("unblock", "removed a block"),
    ("freeze", "froze a mailbox"),
    ("unfreeze", "unfroze a mailbox"),
    ("end", "ended a mailbox"),
    ("decide", "decided a report"),
    ("pause", "paused creation"),
    ("resume", "resumed creation"),
]
REASONS = [
    ("expired", "its lifetime ended"),
    ("unused", "nobody used it"),
    ("closed", "its owner ended it"),
    ("operator", "an operator ended it"),
]
ID = models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")


class Migration(migrations.Migration):
    dependencies = [("mailboxes", "0003_ends_at")]

    operations = [
        migrations.CreateModel(
            name="AbuseControls",
            fields=[
                ("id", ID.clone()),
                ("blocks_version", models.BigIntegerField(default=0)),
                ("creation_paused_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={"verbose_name_plural": "abuse controls"},
        ),
        migrations.CreateModel(
            name="Block",
            fields=[
                ("id", ID.clone()),
                ("kind", models.CharField(choices=KINDS, max_length=8)),
                ("value", models.CharField(blank=True, default="", max_length=253)),
                ("digest", models.BinaryField(max_length=16, unique=True)),
                ("reason", models.CharField(max_length=200)),
                ("created_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField(blank=True, db_index=True, null=True)),
            ],
            options={"ordering": ("-created_at",)},
        ),
        migrations.CreateModel(
            name="ModerationRecord",
            fields=[
                ("id", ID.clone()),
                ("at", models.DateTimeField(db_index=True)),
                ("act", models.CharField(choices=ACTS, max_length=8)),
                ("subject", models.CharField(blank=True, default="", max_length=40)),
                ("reason", models.CharField(blank=True, default="", max_length=200)),
                ("actor", models.CharField(blank=True, default="", max_length=150)),
            ],
            options={"ordering": ("-at", "-pk")},
        ),
        migrations.AddField(
            model_name="mailbox",
            name="frozen_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AlterField(
            model_name="purgerecord",
            name="reason",
            field=models.CharField(choices=REASONS, max_length=8),
        ),
    ]
