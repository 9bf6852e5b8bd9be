"""API keys in the admin: issued, limited, revoked. A key is on the page that answers its making, and never again."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from mailboxes.models.access import ApiKey
from mailboxes.services import api_keys

_CHOSEN = (
    "may_create",
    "may_choose_name",
    "any_domain",
    "domains",
    "creations_per_minute",
    "creations_per_day",
)


class ApiKeyForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = ApiKey
        fields = ("name", *_CHOSEN)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("any_domain") and cleaned.get("domains"):
            raise forms.ValidationError("Choose domains, or any domain.")
        return cleaned


@admin.register(ApiKey)
class ApiKeyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    form = ApiKeyForm
    actions = ("revoke",)
    list_display = (
        "name",
        "may_create",
        "may_choose_name",
        "any_domain",
        "creations_per_minute",
        "creations_per_day",
        "last_used_on",
        "revoked_at",
    )
    search_fields = ("name",)

    def get_fields(self, request: HttpRequest, obj: ApiKey | None = None) -> tuple[str, ...]:
        kept = ("created_at", "last_used_on", "revoked_at") if obj else ()
        return ("name", *_CHOSEN, *kept)

    def get_readonly_fields(
        self, request: HttpRequest, obj: ApiKey | None = None
    ) -> tuple[str, ...]:
        return ("name", "created_at", "last_used_on", "revoked_at") if obj else ()

    def save_model(self, request: HttpRequest, obj: ApiKey, form: Any, change: bool) -> None:
        if change:
            api_keys.save(obj)
        else:
            request.new_key = api_keys.issue(obj, form.cleaned_data["domains"])  # type: ignore[attr-defined]

    def response_add(
        self, request: HttpRequest, obj: ApiKey, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Show the key in the answer itself: a redirect would have to carry it in a cookie."""
        context = {
            **self.admin_site.each_context(request),
            "title": "API key",
            "api_key": obj,
            "key": request.new_key,  # type: ignore[attr-defined]
            "opts": self.opts,
        }
        page = TemplateResponse(request, "admin/mailboxes/apikey/created.html", context)
        page["Cache-Control"] = "no-store"
        return page

    @admin.action(description="Revoke the selected keys", permissions=["change"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        """Nothing that a key has made ends with it."""
        revoked = sum(api_keys.revoke(name) for name in queryset.values_list("name", flat=True))
        self.message_user(request, f"{revoked} revoked.")
