"""What our lists in the admin share: bounded, by permissions, and recorded by services, not by Django's log."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.functional import cached_property
from django.utils.text import capfirst

COUNTED = 10_000


def require(request: HttpRequest, permission: str) -> None:
    """Raise PermissionDenied for who lacks this permission of ours."""
    if not request.user.has_perm(f"mailboxes.{permission}"):
        raise PermissionDenied


class BoundedPaginator(Paginator):  # type: ignore[type-arg]
    """Counts no further than some thousands: counting millions would be what the page takes long for."""

    @cached_property
    def count(self) -> int:
        """How many there are, as far as it is counted."""
        rows: QuerySet[Any] = self.object_list  # type: ignore[assignment]
        return rows[:COUNTED].count()


class TitledAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """A list under its own name, without a count for each choice of a filter."""

    show_facets = admin.ShowFacets.NEVER

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Call a list by what is in it."""
        title = {"title": capfirst(self.opts.verbose_name_plural)}
        return super().changelist_view(request, {**title, **(extra_context or {})})


class OurAdmin(TitledAdmin):
    """A list of our own rows. Nothing is deleted by Django; what is done goes through services."""

    list_per_page = 50
    list_max_show_all = 50
    show_full_result_count = False
    paginator = BoundedPaginator

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Let a URL ask for what the filters offer: Django lets it ask for any column, digests and ciphertext too."""
        offered = {getattr(each, "parameter_name", each) for each in self.list_filter}
        return lookup.split("__")[0] in offered

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Services delete."""
        return False

    def allows(self, request: HttpRequest, codename: str) -> bool:
        """Tell whether somebody has a permission of this app."""
        return request.user.has_perm(f"mailboxes.{codename}")

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> None:  # type: ignore[override]
        """Services record it."""

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> None:  # type: ignore[override]
        """Services record it."""


class ReadOnlyAdmin(OurAdmin):
    """A list to look at; what can be done is an action or a page of its own."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody adds."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody edits."""
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Show every field that is shown as it is."""
        return tuple(str(field) for field in self.fields or ())
