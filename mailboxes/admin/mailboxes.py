"""Living mailboxes: times, counts and the domain. Neither an address nor anything of what is in them."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext_lazy as _

from mailboxes.admin import acting
from mailboxes.admin.base import ReadOnlyAdmin
from mailboxes.models.mailboxes import Mailbox
from mailboxes.services import moderation

FREEZE = acting.Act(
    "freeze",
    _("Freeze"),
    _(
        "It gets no mail, and its owner can neither read nor delete what is in it. Its time runs on."
    ),
    _("Freeze"),
)
UNFREEZE = acting.Act(
    "unfreeze", _("Unfreeze"), _("Its owner can use it again, until it ends."), _("Unfreeze")
)
END = acting.Act(
    "end",
    _("End"),
    _("It and its mail are gone at once, for everybody and for good."),
    _("End for good"),
    True,
)


class Frozen(admin.SimpleListFilter):
    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Offer what can be told from a row."""
        return [("frozen", _("frozen")), ("mail", _("has mail")), ("empty", _("has no mail"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Mailbox]) -> QuerySet[Mailbox]:
        """Keep those that are so."""
        chosen = {
            "frozen": Q(frozen_at__isnull=False),
            "mail": Q(message_count__gt=0),
            "empty": Q(message_count=0),
        }
        return queryset.filter(chosen.get(self.value() or "", Q()))


@admin.register(Mailbox)
class MailboxAdmin(ReadOnlyAdmin):
    actions = ("freeze", "unfreeze", "end")
    fields = (
        "public_id", "domain", "created_at", "last_activity_at", "ends_at", "max_expires_at",
        "frozen_at", "message_count", "stored", "webhook_count",
    )  # fmt: skip
    list_display = (
        "public_id", "domain", "created_at", "ends_at", "last_activity_at", "message_count", "stored", "frozen",
    )  # fmt: skip
    list_filter = (Frozen, "domain")
    list_select_related = ("domain",)
    ordering = ("-pk",)
    sortable_by = ()  # there is an index of two columns only

    def get_queryset(self, request: HttpRequest) -> QuerySet[Mailbox]:
        """Show what lives: what has ended is over for operators too."""
        sealed = ("sealed_address", "address_digest", "public_key")
        return Mailbox.objects.live().defer(*sealed)

    @admin.display(description=_("stored"))
    def stored(self, mailbox: Mailbox) -> str:
        """Show the bytes as people read them."""
        return filesizeformat(mailbox.stored_bytes)

    @admin.display(description=_("frozen"), boolean=True)
    def frozen(self, mailbox: Mailbox) -> bool:
        """Show whether it is."""
        return mailbox.frozen_at is not None

    def has_moderate_permission(self, request: HttpRequest) -> bool:
        """Who may freeze and end."""
        return self.allows(request, "moderate_mailbox")

    @admin.action(description=_("Freeze the selected mailboxes"), permissions=["moderate"])
    def freeze(self, request: HttpRequest, queryset: QuerySet[Mailbox]) -> HttpResponse | None:
        """Ask why, then freeze."""
        return acting.ask(self, request, queryset, FREEZE, moderation.freeze)

    @admin.action(description=_("Unfreeze the selected mailboxes"), permissions=["moderate"])
    def unfreeze(self, request: HttpRequest, queryset: QuerySet[Mailbox]) -> HttpResponse | None:
        """Ask why, then unfreeze."""
        return acting.ask(self, request, queryset, UNFREEZE, moderation.unfreeze)

    @admin.action(description=_("End the selected mailboxes"), permissions=["moderate"])
    def end(self, request: HttpRequest, queryset: QuerySet[Mailbox]) -> HttpResponse | None:
        """Ask why, then end."""
        return acting.ask(self, request, queryset, END, moderation.end)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Show one, with what can be done to it."""
        extra = {"may_moderate": self.has_moderate_permission(request), **(extra_context or {})}
        return super().change_view(request, object_id, form_url, extra)
