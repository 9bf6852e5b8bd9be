"""Reports of abuse: what somebody told the operators about an address or a message of this service."""

from django.db import models


class AbuseReport(models.Model):
    """One report. What was written is sealed to the operators' key; of the reporter nothing else is kept."""

    class Kind(models.TextChoices):
        FRAUD = "fraud", "fraud or phishing"
        HARASSMENT = "harassment", "harassment or threats"
        SIGN_UPS = "sign-ups", "spam sign-ups"
        ILLEGAL = "illegal", "illegal content"
        OTHER = "other", "something else"

    class State(models.TextChoices):
        OPEN = "open", "open"
        CLOSED = "closed", "closed"

    class Decision(models.TextChoices):
        ACTED = "acted", "action was taken"
        NO_GROUND = "no-ground", "nothing against the terms was found"
        NO_TRACE = "no-trace", "there was nothing left to act on"

    id = models.UUIDField(primary_key=True)
    # Random: whoever holds it may ask for the state of the report, and for nothing else.
    reference = models.CharField(max_length=16, unique=True)
    created_at = models.DateTimeField(db_index=True)
    kind = models.CharField(max_length=16, choices=Kind)
    # Of the address reported, where one of our domains could have it: so that it can be acted on, not read.
    address_digest = models.BinaryField(max_length=16, null=True, db_index=True)
    sealed = models.BinaryField()
    state = models.CharField(max_length=8, choices=State, default=State.OPEN)
    decided_at = models.DateTimeField(null=True, blank=True)
    decision = models.CharField(max_length=16, choices=Decision, blank=True, default="")

    class Meta:
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return self.reference
