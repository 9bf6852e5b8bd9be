"""Operators' accounts and their roles: for superusers, who alone could give themselves any right anyway."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from mailboxes.admin import acting
from mailboxes.admin.base import TitledAdmin
from mailboxes.models.abuse import ModerationRecord
from mailboxes.services import audit, second_factor

NO_FACTOR = acting.Act(
    "remove_factor",
    _("Remove the second factor"),
    _(
        "App and recovery codes of this account open nothing any more; it sets up new ones when it signs in next."
    ),
    _("Remove"),
)


admin.site.unregister([User, Group])  # what importing UserAdmin has registered


class _ForSuperusers:
    """Only superusers see or change accounts."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return request.user.is_superuser

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.is_superuser

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.is_superuser

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.is_superuser

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # an account is switched off; what it did stays its doing


@admin.register(User)
class OperatorAdmin(_ForSuperusers, TitledAdmin, UserAdmin):  # type: ignore[type-arg]
    actions = ("remove_factor",)
    list_display = ("username", "is_active", "is_superuser", "roles", "second_factor", "last_login")
    list_filter = ("is_active", "is_superuser", "groups")
    filter_horizontal = ()
    readonly_fields = ("last_login", "date_joined")
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        (_("Role"), {"fields": ("is_active", "is_staff", "groups", "is_superuser")}),
        (_("Dates"), {"fields": ("last_login", "date_joined")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """Fetch the roles with the rows."""
        return User.objects.prefetch_related("groups")

    @admin.display(description=_("roles"))
    def roles(self, user: User) -> str:
        """Show them by name."""
        return ", ".join(group.name for group in user.groups.all())

    @admin.display(description=_("second factor"), boolean=True)
    def second_factor(self, user: User) -> bool:
        """Show whether there is one."""
        return second_factor.is_set_up(user)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Record what was changed by the names of fields."""
        super().save_related(request, form, formsets, change)
        words = ", ".join(form.changed_data) if change else "added"
        actor = request.user.get_username()
        audit.record(
            ModerationRecord.Act.ACCOUNT, form.instance.username, reason=words, actor=actor
        )

    def user_change_password(
        self, request: HttpRequest, id: str, form_url: str = ""
    ) -> HttpResponse:
        """Record that somebody's password was set."""
        response = super().user_change_password(request, id, form_url)
        if request.method == "POST" and response.status_code == 302:
            user = User.objects.get(pk=id)
            actor = request.user.get_username()
            audit.record(
                ModerationRecord.Act.ACCOUNT, user.username, reason="password", actor=actor
            )
        return response

    @admin.action(description=_("Remove the second factor of the selected"), permissions=["change"])
    def remove_factor(self, request: HttpRequest, queryset: QuerySet[User]) -> HttpResponse | None:
        """Ask why, then remove."""
        return acting.ask(self, request, queryset, NO_FACTOR, second_factor.remove)


@admin.register(Group)
class RoleAdmin(_ForSuperusers, TitledAdmin, GroupAdmin):
    """Roles as the migration made them, or as a superuser changed them."""

    filter_horizontal = ()

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Record it by the role's name."""
        super().save_related(request, form, formsets, change)
        actor = request.user.get_username()
        audit.record(ModerationRecord.Act.ACCOUNT, form.instance.name, reason="role", actor=actor)
