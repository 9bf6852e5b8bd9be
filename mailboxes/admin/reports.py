"""Reports of abuse: listed by what is not sealed, opened for roles that may, decided with a reason."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from mailboxes.admin import base
from mailboxes.admin.acting import ReasonForm
from mailboxes.admin.base import ReadOnlyAdmin
from mailboxes.models.abuse import AbuseReport, ModerationRecord
from mailboxes.rules.errors import NotFound, SealBroken
from mailboxes.services import abuse, moderation


class DecisionForm(ReasonForm):
    field_order = ("decision", "reason")
    decision = forms.ChoiceField(
        label=gettext_lazy("Decision"),
        choices=AbuseReport.Decision.choices,
        help_text=gettext_lazy(
            "Whoever holds the reference can read the decision; the reason stays here."
        ),
    )


@admin.register(AbuseReport)
class AbuseReportAdmin(ReadOnlyAdmin):
    list_display = (
        "shown_reference",
        "kind",
        "created_at",
        "names_address",
        "state",
        "decision",
        "decided_at",
    )
    list_filter = ("state", "kind", "decision")
    sortable_by = ("created_at",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[AbuseReport]:
        """Leave what is sealed where it is."""
        return AbuseReport.objects.defer("sealed")

    @admin.display(description=gettext_lazy("reference"))
    def shown_reference(self, report: AbuseReport) -> str:
        """Show it in groups, as whoever reported has it."""
        return abuse.grouped(report.reference)

    @admin.display(description=gettext_lazy("names an address of ours"), boolean=True)
    def names_address(self, report: AbuseReport) -> bool:
        """Show whether there is one to act on."""
        return report.address_digest is not None

    def has_decide_permission(self, request: HttpRequest) -> bool:
        """Who may decide."""
        return self.allows(request, "decide_abusereport")

    def get_urls(self) -> list[URLPattern]:
        """Add where a decision is sent to."""
        decide = self.admin_site.admin_view(require_POST(self.decide))
        ours = path("<uuid:object_id>/decide/", decide, name="mailboxes_abusereport_decide")
        return [ours, *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Show one report: what is known of it, what was written, the mailbox it names, and what was done."""
        report = self.get_object(request, object_id)
        if report is None or not self.has_view_permission(request, report):
            return super().change_view(request, object_id, form_url, extra_context)
        return self._page(request, report, DecisionForm())

    def decide(self, request: HttpRequest, object_id: Any) -> HttpResponse:
        """Close a report, or decide it anew."""
        base.require(request, "decide_abusereport")
        report = get_object_or_404(AbuseReport, pk=object_id)
        form = DecisionForm(request.POST)
        if not form.is_valid():
            return self._page(request, report, form)
        given = form.cleaned_data
        try:
            moderation.decide(
                report.reference,
                given["decision"],
                reason=given["reason"],
                actor=request.user.get_username(),
            )
        except NotFound:
            messages.error(request, _("Its time is over."))
        else:
            messages.success(request, _("Decided."))
        return HttpResponseRedirect(reverse("admin:mailboxes_abusereport_change", args=[object_id]))

    def _page(self, request: HttpRequest, report: AbuseReport, form: DecisionForm) -> HttpResponse:
        may_read = self.allows(request, "read_abusereport")
        context = {
            **self.admin_site.each_context(request),
            "title": _("Report %(reference)s") % {"reference": abuse.grouped(report.reference)},
            "opts": self.opts,
            "report": report,
            "may_read": may_read,
            "written": self._written(request, report) if may_read else None,
            "mailbox": _mailbox(report),
            "may_moderate": self.allows(request, "moderate_mailbox"),
            "may_decide": self.has_decide_permission(request),
            "may_block": self.allows(request, "add_block"),
            "checkbox": "_selected_action",
            "form": form,
            "records": ModerationRecord.objects.filter(subject=report.reference)[:20],
        }
        return TemplateResponse(request, "admin/mailboxes/abusereport/report.html", context)

    def _written(self, request: HttpRequest, report: AbuseReport) -> abuse.Report | None:
        try:
            return abuse.read(report, actor=request.user.get_username())
        except SealBroken:
            return None


def _mailbox(report: AbuseReport) -> Any:
    try:
        return moderation.by_report(report.reference)
    except NotFound:
        return None
