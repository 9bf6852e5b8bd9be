"""API keys in the admin: issued, limited, revoked. A key is on the page that answers its making, and never again."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _

from mailboxes.admin import acting
from mailboxes.admin.base import OurAdmin
from mailboxes.models.access import ApiKey
from mailboxes.services import api_keys

REVOKE = acting.Act(
    "revoke",
    _("Revoke"),
    _("The key is unknown from now on, for good. Nothing that it has made ends with it."),
    _("Revoke for good"),
    True,
)

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
class ApiKeyAdmin(OurAdmin):
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
        actor = request.user.get_username()
        if change:
            api_keys.save(obj, actor=actor)
        else:
            chosen = form.cleaned_data["domains"]
            request.new_key = api_keys.issue(obj, chosen, actor=actor)  # type: ignore[attr-defined]

    def response_add(
        self, request: HttpRequest, obj: ApiKey, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Show the key in the answer itself: a redirect would have to carry it in a cookie."""
        context = {
            **self.admin_site.each_context(request),
            "title": _("API key"),
            "api_key": obj,
            "key": request.new_key,  # type: ignore[attr-defined]
            "opts": self.opts,
        }
        page = TemplateResponse(request, "admin/mailboxes/apikey/created.html", context)
        page["Cache-Control"] = "no-store"
        return page

    @admin.action(description=_("Revoke the selected keys"), permissions=["change"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> HttpResponse | None:
        """Ask why, then revoke."""
        return acting.ask(self, request, queryset, REVOKE, _revoke)


def _revoke(api_key: ApiKey, *, reason: str, actor: str) -> bool:
    return api_keys.revoke(api_key.name, reason=reason, actor=actor)
