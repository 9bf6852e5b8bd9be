"""Mailboxes, and the digest of every address that was ever given out."""

from datetime import datetime

from django.db import models
from django.db.models.functions import Now

from mailboxes.models.domains import Domain


class MailboxQuerySet(models.QuerySet["Mailbox"]):
    def live(self) -> "MailboxQuerySet":
        """Mailboxes that exist for everyone: their end is a read filter first, by the database's clock."""
        return self.filter(ends_at__gt=Now())

    def ended(self, by: datetime | None = None) -> "MailboxQuerySet":
        """Mailboxes whose time is over now, or was at `by`, and which the purge has yet to remove."""
        return self.filter(ends_at__lte=by or Now())


class Mailbox(models.Model):
    """One address for a time. Holds no address in clear and nothing about its owner."""

    public_id = models.CharField(max_length=16, unique=True)
    address_digest = models.BinaryField(max_length=16, unique=True)
    sealed_address = models.BinaryField()
    public_key = models.BinaryField(max_length=32, unique=True)
    domain = models.ForeignKey(Domain, on_delete=models.PROTECT, related_name="mailboxes")
    created_at = models.DateTimeField()
    # The lifetime that was chosen. What counts is `ends_at`: this, or earlier for want of use (services.activity).
    expires_at = models.DateTimeField()
    max_expires_at = models.DateTimeField()
    last_activity_at = models.DateTimeField()
    # By an operator: it gets no mail, and its owner may neither read nor delete. It ends when it would have ended.
    frozen_at = models.DateTimeField(null=True, blank=True)
    ends_at = models.DateTimeField(db_index=True)
    # Counted under the row's lock at delivery and deletion, so that RCPT needs no COUNT(*).
    message_count = models.PositiveIntegerField(default=0)
    stored_bytes = models.PositiveBigIntegerField(default=0)
    last_sequence = models.PositiveBigIntegerField(default=0)
    # Kept here, in the row that delivery reads anyway: without webhooks a message costs no statement more.
    webhook_count = models.PositiveSmallIntegerField(default=0)

    objects = MailboxQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "mailboxes"
        permissions = (
            ("find_mailbox", "Can look up an address"),
            ("moderate_mailbox", "Can freeze, unfreeze and end a mailbox"),
        )

    def __str__(self) -> str:
        return self.public_id


class IssuedAddress(models.Model):
    """The keyed digest of an address ever issued: this is how none is given out twice."""

    digest = models.BinaryField(max_length=16, primary_key=True)

    def __str__(self) -> str:
        return f"issued address {bytes(self.digest).hex()}"
