"""Mail to postmaster@ and abuse@: read as text, in a page that loads nothing; never as HTML."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.defaultfilters import filesizeformat
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from mailboxes.admin import acting
from mailboxes.admin.base import ReadOnlyAdmin
from mailboxes.models.messages import OperatorMessage
from mailboxes.rules.errors import SealBroken
from mailboxes.services import operator_mail

DELETE = acting.Act(
    "delete_mail",
    _("Delete"),
    _("It is gone for all operators, before its time."),
    _("Delete for good"),
    True,
)


@admin.register(OperatorMessage)
class OperatorMessageAdmin(ReadOnlyAdmin):
    actions = ("delete_mail",)
    list_display = ("shown_subject", "sender", "to", "received_at", "shown_size")
    list_filter = ("local_part",)
    sortable_by = ("received_at",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[OperatorMessage]:
        """Leave the sources where they are."""
        return OperatorMessage.objects.defer("sealed_source")

    @admin.display(description=_("subject"))
    def shown_subject(self, message: OperatorMessage) -> str:
        """Unseal the line."""
        return operator_mail.summary_of(message).subject or str(_("(no subject)"))

    @admin.display(description=_("from"))
    def sender(self, message: OperatorMessage) -> str:
        """Show whom it says it is from."""
        return operator_mail.summary_of(message).sender_address

    @admin.display(description=_("to"))
    def to(self, message: OperatorMessage) -> str:
        """Show which of our addresses it came to."""
        return f"{message.local_part}@{message.domain_name}"

    @admin.display(description=_("size"))
    def shown_size(self, message: OperatorMessage) -> str:
        """Show the bytes as people read them."""
        return filesizeformat(message.size)

    def has_remove_permission(self, request: HttpRequest) -> bool:
        """Who may delete."""
        return self.allows(request, "delete_operatormessage")

    @admin.action(description=_("Delete the selected mail"), permissions=["remove"])
    def delete_mail(
        self, request: HttpRequest, queryset: QuerySet[OperatorMessage]
    ) -> HttpResponse | None:
        """Ask why, then delete."""
        return acting.ask(self, request, queryset, DELETE, operator_mail.delete)

    def get_urls(self) -> list[URLPattern]:
        """Add the message as a file."""
        source = self.admin_site.admin_view(require_safe(self.source))
        ours = path("<uuid:object_id>/message.eml", source, name="mailboxes_operatormessage_eml")
        return [ours, *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Show one message as text, with what is attached by name only."""
        message = self.get_object(request, object_id)
        if message is None or not self.has_view_permission(request, message):
            return super().change_view(request, object_id, form_url, extra_context)
        try:
            opened = operator_mail.read(message, actor=request.user.get_username())
        except SealBroken:
            opened = None
        context = {
            **self.admin_site.each_context(request),
            "title": _("Mail to the operator"),
            "opts": self.opts,
            "message": message,
            "opened": opened,
            "may_delete": self.has_remove_permission(request),
            "checkbox": "_selected_action",
        }
        return TemplateResponse(request, "admin/mailboxes/operatormessage/message.html", context)

    def source(self, request: HttpRequest, object_id: Any) -> HttpResponse:
        """Answer the message as it came, as a file that no browser shows."""
        message = get_object_or_404(OperatorMessage, pk=object_id)
        if not self.has_view_permission(request, message):
            raise PermissionDenied
        try:
            raw = operator_mail.source(message)
        except SealBroken:
            raise Http404 from None
        response = HttpResponse(raw, content_type="application/octet-stream")
        response["Content-Disposition"] = 'attachment; filename="message.eml"'
        response["Content-Security-Policy"] = "default-src 'none'; sandbox"
        return response
