"""Webhooks of mailboxes, and what is to be sent to them: an outbox, written with the message that it tells of."""

from django.db import models

from mailboxes.models.mailboxes import Mailbox


class Webhook(models.Model):
    """A URL that is told of new mail. URL and secret are sealed to the operators' key."""

    class Result(models.TextChoices):
        NONE = "none", "nothing was sent yet"
        DELIVERED = "delivered", "answered with 2xx"
        REJECTED = "rejected", "answered with something else"
        UNREACHABLE = "unreachable", "not answered, or not to be reached"

    id = models.UUIDField(primary_key=True)
    # Rows go before their mailbox does, by statements of the purge: nothing is looked for where there are none.
    mailbox = models.ForeignKey(Mailbox, on_delete=models.DO_NOTHING, related_name="webhooks")
    created_at = models.DateTimeField()
    sealed = models.BinaryField()
    # Of the domain that it leads to, keyed: so that no domain gets many at once, or holds up all others.
    domain_digest = models.BinaryField(max_length=16)
    last_result = models.CharField(max_length=11, choices=Result, default=Result.NONE)
    failures = models.PositiveIntegerField(default=0, help_text="In a row.")
    failing_since = models.DateTimeField(null=True, blank=True)
    disabled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("created_at", "id")

    def __str__(self) -> str:
        return str(self.id)


class WebhookEvent(models.Model):
    """That a webhook is to be told of a message. Gone when it was, or when nobody is to be told any more."""

    id = models.UUIDField(primary_key=True)
    webhook = models.ForeignKey(Webhook, on_delete=models.DO_NOTHING, related_name="events")
    # No foreign key: a message is deleted without a look at this table, and one that is gone is told to nobody.
    message_id = models.UUIDField()
    attempts = models.PositiveSmallIntegerField(default=0)
    # When it is to be tried next. Whoever takes it puts this off for as long as trying can take.
    due_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return str(self.id)
