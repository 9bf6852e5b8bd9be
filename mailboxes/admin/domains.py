"""Domains in Django's admin."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from mailboxes.models.domains import Domain
from mailboxes.rules.addresses import normalize_domain
from mailboxes.rules.errors import InvalidAddress
from mailboxes.services import domains


class DomainForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Domain
        fields = ("name", "accepts_mail", "offered", "subdomains", "weight", "retired_at")

    def clean_name(self) -> str:
        try:
            return normalize_domain(self.cleaned_data["name"])
        except InvalidAddress:
            raise forms.ValidationError("This is not a domain name.") from None


@admin.register(Domain)
class DomainAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    form = DomainForm
    list_display = ("name", "accepts_mail", "offered", "subdomains", "weight", "retired_at")
    list_filter = ("accepts_mail", "offered", "subdomains")
    search_fields = ("name",)

    def save_model(self, request: HttpRequest, obj: Domain, form: Any, change: bool) -> None:
        domains.save(obj)
