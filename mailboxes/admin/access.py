"""API keys in Django's admin: seen and limited here; made by `manage.py create_api_key`, which alone shows the key."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from mailboxes.models.access import ApiKey
from mailboxes.services import api_keys


@admin.register(ApiKey)
class ApiKeyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    fields = ("name", "creations_per_minute", "created_at", "last_used_on", "revoked_at")
    readonly_fields = ("name", "created_at", "last_used_on")
    list_display = ("name", "creations_per_minute", "created_at", "last_used_on", "revoked_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: ApiKey, form: Any, change: bool) -> None:
        api_keys.save(obj)
