"""Reporting abuse: a form, a receipt, and the state of a report for whoever holds its reference."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from mailboxes.gate import facts, limits, site
from mailboxes.rules.errors import NotFound, RateLimited, Unavailable
from mailboxes.services import abuse
from mailboxes.web import errors
from mailboxes.web.availability import needs_database
from mailboxes.web.captcha import CaptchaForm, captcha_page
from mailboxes.web.responses import SeeOther, make_private

RECEIPT_SECONDS = 600
_PLAIN = {"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}


class ReportForm(CaptchaForm):
    """What happened, in the reporter's words. Only the kind and the text are asked for."""

    kind = forms.ChoiceField(
        label=gettext_lazy("What is it about?"),
        choices=[
            ("", gettext_lazy("Please choose")),
            ("fraud", gettext_lazy("Fraud or phishing")),
            ("harassment", gettext_lazy("Harassment or threats")),
            ("sign-ups", gettext_lazy("Spam sign-ups")),
            ("illegal", gettext_lazy("Illegal content")),
            ("other", gettext_lazy("Something else")),
        ],
    )
    about = forms.CharField(
        label=gettext_lazy("Which address or message (optional)"),
        help_text=gettext_lazy("The address at one of our domains, as exactly as you have it."),
        max_length=1000,
        required=False,
        widget=forms.TextInput(attrs=_PLAIN),
    )
    text = forms.CharField(
        label=gettext_lazy("What happened?"),
        help_text=gettext_lazy("When, where, and what should be done about it. No passwords."),
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 7}),
    )
    contact = forms.CharField(
        label=gettext_lazy("How to reach you (optional)"),
        help_text=gettext_lazy("Only if the operator may ask you something. It is sealed too."),
        max_length=300,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "email"}),
    )


class StatusForm(forms.Form):
    """The reference that a receipt shows."""

    reference = forms.CharField(
        label=gettext_lazy("Reference"), max_length=40, widget=forms.TextInput(attrs=_PLAIN)
    )


@never_cache
@captcha_page
@needs_database
@require_http_methods(["GET", "HEAD", "POST"])
def report(request: HttpRequest) -> HttpResponse:
    """Take a report. The answer is the same whether the address exists or not."""
    if request.method != "POST":
        return _page(request, ReportForm(request))
    form = ReportForm(request, request.POST)
    if not form.is_valid():
        return _page(request, form, status=form.status)
    try:
        limits.check_report(request)
        reference = abuse.file(_report(form.cleaned_data))
    except RateLimited as error:
        return errors.rate_limited(request, error.retry_after)
    except Unavailable:
        form.add_error(None, _("Reports cannot be taken right now. Please write to the operator."))
        return _page(request, form, status=503)
    return _give_receipt(SeeOther(reverse("web:report-received")), reference)


@never_cache
@require_safe
def received(request: HttpRequest) -> HttpResponse:
    """Show the receipt. The reference comes in a short cookie, so that it stands in no URL."""
    reference = request.get_signed_cookie(cookie_name(), default="", max_age=RECEIPT_SECONDS)
    if not reference:
        return redirect("web:report")
    context = {"reference": reference, "report_days": abuse.REPORT_DAYS, "form": StatusForm()}
    return make_private(render(request, "mailboxes/report_received.html", context))


@never_cache
@needs_database
@require_http_methods(["GET", "HEAD", "POST"])
def status(request: HttpRequest) -> HttpResponse:
    """Tell the state of a report by its reference."""
    if request.method != "POST":
        return _status_page(request, StatusForm())
    form = StatusForm(request.POST)
    if not form.is_valid():
        return _status_page(request, form, status=422)
    try:
        limits.check_inbox(request)
        found = abuse.status_of(form.cleaned_data["reference"])
    except RateLimited as error:
        return errors.rate_limited(request, error.retry_after)
    except NotFound:
        form.add_error("reference", _("There is no report with this reference, or no longer."))
        return _status_page(request, form, status=422)
    return _status_page(request, form, found=found)


def _report(chosen: dict[str, Any]) -> abuse.Report:
    return abuse.Report(chosen["kind"], chosen["about"], chosen["text"], chosen["contact"])


def _give_receipt(response: HttpResponse, reference: str) -> HttpResponse:
    response.set_signed_cookie(
        cookie_name(),
        reference,
        max_age=RECEIPT_SECONDS,
        path="/",
        secure=site.is_secure(),
        httponly=True,
        samesite="Lax",
    )
    return make_private(response)


def cookie_name() -> str:
    """Return the name of the cookie that holds the reference for its receipt."""
    return "__Host-report" if site.is_secure() else "report"


def _page(request: HttpRequest, form: ReportForm, status: int = 200) -> HttpResponse:
    known = facts.facts()
    context = {"form": form, "facts": known, "operator": known.operator}
    return render(request, "mailboxes/report.html", context, status=status)


def _status_page(
    request: HttpRequest,
    form: StatusForm,
    status: int = 200,
    found: abuse.Status | None = None,
) -> HttpResponse:
    context = {"form": form, "found": found, "report_days": abuse.REPORT_DAYS}
    return make_private(render(request, "mailboxes/report_status.html", context, status=status))
