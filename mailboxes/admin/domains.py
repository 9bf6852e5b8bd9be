"""Domains in the admin: added, offered, rested, retired, and what the domain doctor says of each."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mailboxes.admin import acting
from mailboxes.admin.base import OurAdmin
from mailboxes.models.domains import Domain
from mailboxes.rules.addresses import normalize_domain
from mailboxes.rules.domain_findings import Finding
from mailboxes.rules.errors import InvalidAddress
from mailboxes.services import domain_doctor, domain_words, domains

_MOST_AT_ONCE = 1000
_LONGEST_LIST = 50_000  # characters, below DATA_UPLOAD_MAX_MEMORY_SIZE
OFFER = acting.Act(
    "offer",
    gettext_lazy("Offer"),
    gettext_lazy("Visitors may get addresses there, from now on."),
    gettext_lazy("Offer"),
)
REST = acting.Act(
    "rest",
    gettext_lazy("Rest"),
    gettext_lazy(
        "Visitors get no new addresses there. Mail for those that live goes on, and API keys that were given the "
        "domain may use it."
    ),
    gettext_lazy("Rest"),
)
RETIRE = acting.Act(
    "retire",
    gettext_lazy("Retire"),
    gettext_lazy(
        "Nobody gets a new address there. Mail for those that live goes on until they end. It can be offered again."
    ),
    gettext_lazy("Retire"),
)


class DomainForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Domain
        fields = ("name", "offered", "accepts_mail", "subdomains", "weight")

    def clean_name(self) -> str:
        try:
            return normalize_domain(self.cleaned_data["name"])
        except InvalidAddress:
            raise forms.ValidationError(_("This is not a domain name.")) from None


class SeveralForm(forms.ModelForm):  # type: ignore[type-arg]
    names = forms.CharField(
        label=gettext_lazy("Names"),
        max_length=_LONGEST_LIST,
        widget=forms.Textarea({"rows": 12, "spellcheck": "false"}),
        help_text=gettext_lazy("One on each line, 1000 at the most."),
    )

    class Meta:
        model = Domain
        fields = ("offered", "subdomains", "weight")

    field_order = ("names",)

    def clean_names(self) -> list[str]:
        names: list[str] = self.cleaned_data["names"].split()
        if len(names) > _MOST_AT_ONCE:
            raise forms.ValidationError(_("These are more than 1000."))
        wrong = [name for name in names if not _is_name(name)]
        if wrong:
            raise forms.ValidationError(
                _("No domain names: %(names)s") % {"names": ", ".join(wrong[:20])}
            )
        return names

    def add(self, actor: str) -> domains.Added:
        """Add them."""
        return domains.add_several(self.cleaned_data["names"], self.instance, actor=actor)


def _is_name(text: str) -> bool:
    try:
        normalize_domain(text)
    except InvalidAddress:
        return False
    return True


@admin.register(Domain)
class DomainAdmin(OurAdmin):
    form = DomainForm
    fields = ("name", "offered", "accepts_mail", "subdomains", "weight")
    actions = ("offer", "rest", "retire")
    list_display = ("name", "state", "doctor_says", "subdomains", "weight", "checked_at")
    list_filter = (
        "offered",
        ("retired_at", admin.EmptyFieldListFilter),
        "accepts_mail",
        "health",
        "subdomains",
    )
    change_list_template = "admin/mailboxes/domain/change_list.html"
    list_select_related = ("report",)
    search_fields = ("name",)
    change_form_template = "admin/mailboxes/domain/change_form.html"

    def get_urls(self) -> list[URLPattern]:
        """Add the doctor's page, and one for many domains at once."""
        admitted = self.admin_site.admin_view
        mine = [
            path("<int:pk>/doctor/", admitted(self.doctor), name="mailboxes_domain_doctor"),
            path("several/", admitted(self.several), name="mailboxes_domain_several"),
        ]
        return [*mine, *super().get_urls()]

    def get_fields(self, request: HttpRequest, obj: Domain | None = None) -> tuple[str, ...]:
        return self.fields if obj is None else (*self.fields, "retired_at", "created_at")

    def get_readonly_fields(
        self, request: HttpRequest, obj: Domain | None = None
    ) -> tuple[str, ...]:
        """Another name would be another domain: the addresses that live would be on neither."""
        return () if obj is None else ("name", "retired_at", "created_at")

    def save_model(self, request: HttpRequest, obj: Domain, form: Any, change: bool) -> None:
        domains.save(obj, actor=request.user.get_username())

    @admin.display(description=gettext_lazy("state"))
    def state(self, domain: Domain) -> str:
        """Say in a word what visitors and mail get."""
        if not domain.accepts_mail:
            return _("takes no mail")
        if domain.retired_at:
            return _("retired")
        return _("offered") if domain.offered else _("resting")

    @admin.display(description=gettext_lazy("health"), ordering="health")
    def doctor_says(self, domain: Domain) -> str:
        """Say how it is, and lead to why."""
        url = reverse(f"{self.admin_site.name}:mailboxes_domain_doctor", args=[domain.pk])
        return format_html('<a href="{}">{}</a>', url, domain.get_health_display())

    @admin.display(description=gettext_lazy("last visit"), ordering="report__checked_at")
    def checked_at(self, domain: Domain) -> Any:
        """When the doctor was there."""
        report = getattr(domain, "report", None)
        return report and report.checked_at

    @admin.action(description=gettext_lazy("Offer the selected domains"), permissions=["change"])
    def offer(self, request: HttpRequest, queryset: QuerySet[Domain]) -> HttpResponse | None:
        """Ask why, then offer."""
        return acting.ask(self, request, queryset, OFFER, domains.offer)

    @admin.action(description=gettext_lazy("Rest the selected domains"), permissions=["change"])
    def rest(self, request: HttpRequest, queryset: QuerySet[Domain]) -> HttpResponse | None:
        """Ask why, then rest."""
        return acting.ask(self, request, queryset, REST, domains.rest)

    @admin.action(description=gettext_lazy("Retire the selected domains"), permissions=["change"])
    def retire(self, request: HttpRequest, queryset: QuerySet[Domain]) -> HttpResponse | None:
        """Ask why, then retire."""
        return acting.ask(self, request, queryset, RETIRE, domains.retire)

    def several(self, request: HttpRequest) -> HttpResponse:
        """Add many domains that are set alike."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = SeveralForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            added = form.add(request.user.get_username())
            words = _("%(new)d added, %(known)d were there already.")
            self.message_user(request, words % {"new": added.new, "known": added.known})
            return HttpResponseRedirect(reverse("admin:mailboxes_domain_changelist"))
        context = {
            **self.admin_site.each_context(request),
            "title": _("Add several domains"),
            "form": form,
            "opts": self.opts,
        }
        return TemplateResponse(request, "admin/mailboxes/domain/several.html", context)

    def doctor(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show the last report; by POST visit the domain first, which takes half a minute at the longest."""
        domain = Domain.objects.filter(pk=pk).first()
        if domain is None:
            raise Http404
        may_check = self.has_change_permission(request, domain)
        if not self.has_view_permission(request, domain):
            raise PermissionDenied
        if request.method == "POST":
            if not may_check:
                raise PermissionDenied
            domain_doctor.check(domain)
            return HttpResponseRedirect(request.path)
        report = domain_doctor.latest(domain)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Doctor: %(name)s") % {"name": domain.name},
            "domain": domain,
            "report": report,
            "rows": _rows(report.findings) if report else (),
            "may_check": may_check,
            "opts": self.opts,
        }
        return TemplateResponse(request, "admin/mailboxes/domain/doctor.html", context)


def _rows(findings: Sequence[Finding]) -> list[dict[str, object]]:
    return [
        {
            "check_name": each.check.value,
            "check": domain_words.CHECKS[each.check],
            "level": each.level.value,
            "level_words": domain_words.LEVELS[each.level],
            "words": domain_words.words(each),
            "seen": each.seen,
            "record": each.record,
        }
        for each in findings
    ]
