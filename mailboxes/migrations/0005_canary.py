"""What the canary saw."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("mailboxes", "0004_blocks")]

    operations = [
        migrations.CreateModel(
            name="CanaryRun",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("started_at", models.DateTimeField(db_index=True)),
                (
                    "ends_at",
                    models.DateTimeField(help_text="When its mailbox ends.", null=True),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("running", "its mailbox has not been purged yet"),
                            ("passed", "all was as it should be"),
                            ("failed", "something was not"),
                        ],
                        default="running",
                        max_length=8,
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("no-mailbox", "no mailbox could be made"),
                            ("refused", "the mail was not accepted"),
                            ("late", "the mail did not come in time"),
                            ("unreadable", "what came could not be read"),
                            ("interrupted", "the service was stopped meanwhile"),
                            ("still-there", "the mailbox was not purged in time"),
                            ("left-behind", "something was left after the purge"),
                            ("still-opens", "its token opened something after its end"),
                            ("still-accepted", "mail for it was not refused after its end"),
                            ("no-answer", "the mail server did not answer after its end"),
                        ],
                        default="",
                        max_length=16,
                    ),
                ),
                (
                    "delivery_ms",
                    models.PositiveIntegerField(
                        help_text="From the 250 until it could be read.", null=True
                    ),
                ),
                (
                    "purge_lag_ms",
                    models.PositiveIntegerField(
                        help_text="From the end of the mailbox until its purge.", null=True
                    ),
                ),
                ("sealed", models.BinaryField(default=b"")),
            ],
            options={"ordering": ("-started_at",)},
        ),
    ]
