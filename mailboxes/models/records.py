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
        CLOSED = "closed", "its owner ended it"

    mailbox_public_id = models.CharField(max_length=16)
    purged_at = models.DateTimeField(db_index=True)
    reason = models.CharField(max_length=8, choices=Reason)
    messages = models.PositiveIntegerField()
    bytes = models.PositiveBigIntegerField()

    def __str__(self) -> str:
        return f"{self.mailbox_public_id} {self.reason}"
