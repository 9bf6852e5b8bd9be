"""Abuse: what was reported to the operators, what they block, and the record of what they did."""

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
        verbose_name = "report"
        permissions = (
            ("read_abusereport", "Can read what a report says"),
            ("decide_abusereport", "Can decide a report"),
        )

    def __str__(self) -> str:
        return self.reference


class Block(models.Model):
    """What operators refuse: mail of a sender, of a domain, of a network (also at creation), or a name to choose."""

    class Kind(models.TextChoices):
        SENDER = "sender", "sender"
        DOMAIN = "domain", "sender domain with its subdomains"
        NETWORK = "network", "network"
        NAME = "name", "name that nobody may choose"

    kind = models.CharField(max_length=8, choices=Kind)
    # In clear for domain, network and name; empty for a sender, who is known by the digest alone.
    value = models.CharField(max_length=253, blank=True, default="")
    digest = models.BinaryField(max_length=16, unique=True)
    reason = models.CharField(max_length=200)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True, db_index=True)

    class Meta:
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return f"{self.kind} {self.value}".strip()


class AbuseControls(models.Model):
    """One row: what every process asks for every few seconds. Without it nothing is blocked or paused."""

    # Drawn anew with each change of a block: whoever has another one loads the blocks again.
    blocks_version = models.BigIntegerField(default=0)
    creation_paused_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "abuse controls"

    def __str__(self) -> str:
        return "abuse controls"


class ModerationRecord(models.Model):
    """What an operator did, when, to what, and why: an id or name of ours; never an address, sender or network."""

    class Act(models.TextChoices):
        BLOCK = "block", "blocked"
        UNBLOCK = "unblock", "removed a block"
        FREEZE = "freeze", "froze a mailbox"
        UNFREEZE = "unfreeze", "unfroze a mailbox"
        END = "end", "ended a mailbox"
        DECIDE = "decide", "decided a report"
        PAUSE = "pause", "paused creation"
        RESUME = "resume", "resumed creation"
        FIND = "find", "looked something up"
        READ = "read", "read a report or mail to the operator"
        DELETE_MAIL = "delete-mail", "deleted mail to the operator"
        ISSUE_KEY = "issue-key", "issued an API key"
        CHANGE_KEY = "change-key", "changed an API key"
        REVOKE_KEY = "revoke-key", "revoked an API key"
        ADD_DOMAIN = "add-domain", "added a domain"
        CHANGE_DOMAIN = "change-domain", "changed a domain"
        SIGN_IN = "sign-in", "signed in"
        SET_UP_FACTOR = "set-up-factor", "set up a second factor"
        REMOVE_FACTOR = "remove-factor", "removed a second factor"
        MAKE_CODES = "make-codes", "made recovery codes"
        USE_CODE = "use-code", "used a recovery code"
        ACCOUNT = "account", "changed an account"

    at = models.DateTimeField(db_index=True)
    act = models.CharField(max_length=16, choices=Act)
    # A mailbox's public id, a report's reference, kind and number of a block; the name of a domain, key or account.
    subject = models.CharField(max_length=253, blank=True, default="")
    reason = models.CharField(max_length=200, blank=True, default="")
    # The operator's user name; empty for a command.
    actor = models.CharField(max_length=150, blank=True, default="")

    class Meta:
        ordering = ("-at", "-pk")
        verbose_name = "record"
        verbose_name_plural = "audit log"

    def __str__(self) -> str:
        return f"{self.act} {self.subject}".strip()
