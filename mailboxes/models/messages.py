"""Messages: a small row to list, and the sealed source apart from it."""

from django.db import models

from mailboxes.models.mailboxes import Mailbox


class Message(models.Model):
    id = models.UUIDField(primary_key=True)
    mailbox = models.ForeignKey(Mailbox, on_delete=models.DO_NOTHING, related_name="messages")
    # Counts up within a mailbox under its row's lock: so it is the order of commits, and "newer than" misses nothing.
    sequence = models.PositiveBigIntegerField()
    received_at = models.DateTimeField()
    size = models.PositiveIntegerField()
    seen = models.BooleanField(default=False)
    partial = models.BooleanField(default=False)
    sealed_summary = models.BinaryField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("mailbox", "sequence"), name="message_order_in_mailbox"
            ),
        )

    def __str__(self) -> str:
        return str(self.id)


class MessageSource(models.Model):
    """The message as it came, compressed and sealed.

    Keyed by (received_at, id) and without a foreign key, so that it could be partitioned by time without a rewrite
    (which was measured and takes more room, decision 14), and listing a mailbox never touches it.
    """

    pk = models.CompositePrimaryKey("received_at", "id")
    received_at = models.DateTimeField()
    id = models.UUIDField()
    sealed = models.BinaryField()

    def __str__(self) -> str:
        return str(self.id)


class OperatorMessage(models.Model):
    """Mail to postmaster@ or abuse@ of a domain (RFC 5321 4.5.1, RFC 2142), sealed to the operators' key."""

    id = models.UUIDField(primary_key=True)
    local_part = models.CharField(max_length=16)
    domain_name = models.CharField(max_length=253)
    received_at = models.DateTimeField(db_index=True)
    size = models.PositiveIntegerField()
    sealed_summary = models.BinaryField()
    sealed_source = models.BinaryField()

    class Meta:
        ordering = ("-received_at",)
        verbose_name = "mail to the operator"
        verbose_name_plural = "mail to the operator"

    def __str__(self) -> str:
        return str(self.id)
