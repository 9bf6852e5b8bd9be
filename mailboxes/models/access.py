"""Keys of the API's clients, and what is remembered of a request that may be repeated."""

from django.core.validators import MinValueValidator
from django.db import models

from mailboxes.models.domains import Domain


class ApiKey(models.Model):
    """May create mailboxes through the API, and open none. The key itself is shown once and not kept."""

    name = models.CharField(
        max_length=100, unique=True, help_text="What or whom it is for; one key a name."
    )
    digest = models.BinaryField(max_length=32, unique=True)
    may_create = models.BooleanField(
        "may create addresses", default=True, help_text="Off: the key is known, and refused."
    )
    may_choose_name = models.BooleanField(
        "may choose names", default=False, help_text="Only where CUSTOM_LOCAL_PARTS is on."
    )
    # Said in so many words: a key whose last domain is deleted must not get all others.
    any_domain = models.BooleanField(
        "any domain", default=True, help_text="All those that visitors are offered."
    )
    domains = models.ManyToManyField(
        Domain,
        blank=True,
        related_name="+",
        help_text="Otherwise: only these, whether visitors are offered them or not.",
    )
    creations_per_minute = models.PositiveIntegerField(
        default=60, validators=[MinValueValidator(1)]
    )
    creations_per_day = models.PositiveIntegerField(
        default=10_000, validators=[MinValueValidator(1)]
    )
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_on = models.DateField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("name",)
        verbose_name = "API key"

    def __str__(self) -> str:
        return self.name


class IdempotencyRecord(models.Model):
    """That a request with an Idempotency-Key was answered.

    All of it is digested under the secret of the API key, which is not kept: neither the mailbox nor the one who asked
    can be found from here. Of the salt and two secrets of the client the mailbox's token is derived.
    """

    digest = models.BinaryField(max_length=16, primary_key=True)
    request_digest = models.BinaryField(max_length=16)
    salt = models.BinaryField(max_length=16)
    created_at = models.DateTimeField(db_index=True)  # rounded up to the hour

    def __str__(self) -> str:
        return f"request {bytes(self.digest).hex()}"
