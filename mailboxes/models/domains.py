"""Domains whose mail this service takes."""

from django.db import models


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

    objects = DomainQuerySet.as_manager()

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name
