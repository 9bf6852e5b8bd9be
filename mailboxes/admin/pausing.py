"""The switch that stops giving out addresses, and the page that asks why."""

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from mailboxes.admin import base
from mailboxes.admin.acting import ReasonForm
from mailboxes.services import pause as pausing


@require_http_methods(["GET", "HEAD", "POST"])
def pause(request: HttpRequest) -> HttpResponse:
    """Show whether creation is paused; POST changes it to what the button said, not to the opposite of what is."""
    base.require(request, "change_abusecontrols")
    is_paused = pausing.is_paused()
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        change = pausing.pause if request.POST.get("to") == "paused" else pausing.resume
        change(reason=form.cleaned_data["reason"], actor=request.user.get_username())
        words = _("Paused.") if change is pausing.pause else _("Addresses are given out again.")
        messages.success(request, words)
        return HttpResponseRedirect(reverse("admin:index"))
    context = {
        **admin.site.each_context(request),
        "title": _("Resume giving out addresses") if is_paused else _("Pause giving out addresses"),
        "is_paused": is_paused,
        "form": form,
    }
    return TemplateResponse(request, "admin/pause.html", context)
