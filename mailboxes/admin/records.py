"""The audit log, and what the purge noted: to look at, for nobody to change."""

from django.contrib import admin
from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext_lazy as _

from mailboxes.admin.base import ReadOnlyAdmin
from mailboxes.models.abuse import ModerationRecord
from mailboxes.models.records import PurgeRecord


class ByActor(admin.SimpleListFilter):
    title = _("operator")
    parameter_name = "by"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        """Offer those who have done something; a command has no name."""
        names = ModerationRecord.objects.order_by("actor").values_list("actor", flat=True)
        return [(name or "-", name or str(_("a command"))) for name in names.distinct()[:100]]

    def queryset(self, request: HttpRequest, queryset):  # type: ignore[no-untyped-def]
        """Keep what one of them did."""
        name = self.value()
        return queryset if name is None else queryset.filter(actor="" if name == "-" else name)


@admin.register(ModerationRecord)
class ModerationRecordAdmin(ReadOnlyAdmin):
    fields = ("at", "actor", "act", "subject", "reason")
    list_display = ("at", "who", "act", "subject", "reason")
    list_display_links = None
    list_filter = ("act", ByActor)
    sortable_by = ()

    @admin.display(description=_("operator"))
    def who(self, record: ModerationRecord) -> str:
        """Show the account, or that it was a command."""
        return record.actor or str(_("(a command)"))


@admin.register(PurgeRecord)
class PurgeRecordAdmin(ReadOnlyAdmin):
    fields = ("purged_at", "mailbox_public_id", "reason", "messages", "size")
    list_display = ("purged_at", "mailbox_public_id", "reason", "messages", "size")
    list_display_links = None
    list_filter = ("reason",)
    ordering = ("-purged_at",)
    sortable_by = ()

    @admin.display(description=_("stored"))
    def size(self, record: PurgeRecord) -> str:
        """Show the bytes as people read them."""
        return filesizeformat(record.bytes)
