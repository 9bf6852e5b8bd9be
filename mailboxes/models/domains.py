"""Domains whose mail this service takes, and what the domain doctor found."""

from django.db import models

from mailboxes.rules import rotation


class DomainQuerySet(models.QuerySet["Domain"]):
    def accepting(self) -> "DomainQuerySet":
        """Domains whose mail is taken at all."""
        return self.filter(accepts_mail=True)

    def offered(self) -> "DomainQuerySet":
        """Domains on which a visitor may get an address."""
        return self.accepting().filter(offered=True, retired_at=None)


class Domain(models.Model):
    class Subdomains(models.TextChoices):
        NONE = "none", "none"
        RANDOM = "random", "a random one for each address"

    class Health(models.TextChoices):
        UNKNOWN = rotation.Health.UNKNOWN.value, "not known"
        GOOD = rotation.Health.GOOD.value, "good"
        WEAK = rotation.Health.WEAK.value, "mail may be refused or lost"
        BAD = rotation.Health.BAD.value, "mail does not arrive"

    name = models.CharField(
        max_length=253, unique=True, help_text="Lower case, as A-labels (IDNA)."
    )
    accepts_mail = models.BooleanField(
        default=True, help_text="Mail for living mailboxes is taken."
    )
    offered = models.BooleanField(default=True, help_text="Visitors may get an address here.")
    subdomains = models.CharField(max_length=8, choices=Subdomains, default=Subdomains.NONE)
    weight = models.PositiveSmallIntegerField(
        default=1, help_text="How often it is chosen; 0: only on request."
    )
    created_at = models.DateTimeField(auto_now_add=True)
    retired_at = models.DateTimeField(null=True, blank=True)
    # Of the last report that could tell; it decides how often the domain is chosen (rules.rotation).
    health = models.CharField(max_length=7, choices=Health, default=Health.UNKNOWN, editable=False)

    objects = DomainQuerySet.as_manager()

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class DomainReport(models.Model):
    """What the domain doctor found at its last visit; the one before is not kept."""

    domain = models.OneToOneField(
        Domain, on_delete=models.CASCADE, primary_key=True, related_name="report"
    )
    # The visit counts from its start: one that is cut short is not the first in the queue again.
    checked_at = models.DateTimeField(db_index=True)
    # As rules.domain_findings writes them.
    findings = models.JSONField(default=list)

    def __str__(self) -> str:
        return f"{self.checked_at:%Y-%m-%d %H:%M}"
