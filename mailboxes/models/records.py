"""What outlives a message or a mailbox for a while, without saying whose it was."""

from django.db import models


class DedupeRecord(models.Model):
    """The keyed digest of a delivery. Outlives its message, so that a retry after a delete brings nothing back."""

    digest = models.BinaryField(max_length=16, primary_key=True)
    created_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"delivery {bytes(self.digest).hex()}"


class PurgeRecord(models.Model):
    """That a mailbox was purged: when, why, how much. Kept for a day; without its address."""

    class Reason(models.TextChoices):
        EXPIRED = "expired", "its lifetime ended"
        UNUSED = "unused", "nobody used it"
        CLOSED = "closed", "its owner ended it"
        OPERATOR = "operator", "an operator ended it"

    mailbox_public_id = models.CharField(max_length=16)
    purged_at = models.DateTimeField(db_index=True)
    reason = models.CharField(max_length=8, choices=Reason)
    messages = models.PositiveIntegerField()
    bytes = models.PositiveBigIntegerField()

    def __str__(self) -> str:
        return f"{self.mailbox_public_id} {self.reason}"


class ClockReading(models.Model):
    """What the clock said at the last purge, beside the time since boot: a jump shows in the difference."""

    class Kind(models.TextChoices):
        TRUSTED = "trusted", "the last one that was believed"
        SUSPECTED = "suspected", "the first one after a jump"

    kind = models.CharField(max_length=9, choices=Kind, primary_key=True)
    database_time = models.DateTimeField()
    boot_id = models.CharField(max_length=36)
    uptime = models.FloatField(help_text="Seconds since boot.")

    def __str__(self) -> str:
        return self.kind


class KeyFingerprint(models.Model):
    """A keyed digest of nothing, by which a key that must never change is recognized. The key is not kept."""

    name = models.CharField(max_length=32, primary_key=True)
    fingerprint = models.BinaryField(max_length=16)

    def __str__(self) -> str:
        return self.name


class CanaryRun(models.Model):
    """One trial of the service by itself: how long a mail took, and how late all of it was gone."""

    class State(models.TextChoices):
        RUNNING = "running", "its mailbox has not been purged yet"
        PASSED = "passed", "all was as it should be"
        FAILED = "failed", "something was not"

    class Reason(models.TextChoices):
        NO_MAILBOX = "no-mailbox", "no mailbox could be made"
        REFUSED = "refused", "the mail was not accepted"
        LATE = "late", "the mail did not come in time"
        UNREADABLE = "unreadable", "what came could not be read"
        INTERRUPTED = "interrupted", "the service was stopped meanwhile"
        STILL_THERE = "still-there", "the mailbox was not purged in time"
        LEFT_BEHIND = "left-behind", "something was left after the purge"
        STILL_OPENS = "still-opens", "its token opened something after its end"
        STILL_ACCEPTED = "still-accepted", "mail for it was not refused after its end"
        NO_ANSWER = "no-answer", "the mail server did not answer after its end"

    id = models.UUIDField(primary_key=True)
    started_at = models.DateTimeField(db_index=True)
    ends_at = models.DateTimeField(null=True, help_text="When its mailbox ends.")
    state = models.CharField(max_length=8, choices=State, default=State.RUNNING)
    reason = models.CharField(max_length=16, choices=Reason, blank=True, default="")
    delivery_ms = models.PositiveIntegerField(
        null=True, help_text="From the 250 until it could be read."
    )
    purge_lag_ms = models.PositiveIntegerField(
        null=True, help_text="From the end of the mailbox until its purge."
    )
    # Address, token and ids, sealed to the operators' key while it runs; empty afterwards.
    sealed = models.BinaryField(default=b"")

    class Meta:
        ordering = ("-started_at",)

    def __str__(self) -> str:
        return f"{self.started_at:%Y-%m-%d %H:%M} {self.state} {self.reason}".strip()
