"""Finding one thing by what is typed in, sent by POST: an address stands in no URL, no history and no log."""

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from mailboxes.admin import base
from mailboxes.services import finding, timeline, timeline_words


class FindForm(forms.Form):
    text = forms.CharField(
        label=gettext_lazy(
            "Address, public id, reference of a report, or a sender, domain or network"
        ),
        max_length=finding.LONGEST,
        widget=forms.TextInput(
            {"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
        ),
    )


@require_http_methods(["GET", "HEAD", "POST"])
def find(request: HttpRequest) -> HttpResponse:
    """Show the form, and below it what was found."""
    base.require(request, "find_mailbox")
    form = FindForm(request.POST or None)
    found = None
    if request.method == "POST" and form.is_valid():
        found = finding.find(form.cleaned_data["text"], actor=request.user.get_username())
    context = {
        **admin.site.each_context(request),
        "title": _("Where is my mail?"),
        "form": form,
        "found": found,
        "lines": _lines(found),
        "checkbox": "_selected_action",
        "may_moderate": request.user.has_perm("mailboxes.moderate_mailbox"),
    }
    return TemplateResponse(request, "admin/find.html", context)


def _lines(found: finding.Found | None) -> list[tuple[timeline.Entry, timeline_words.Said]] | None:
    """Return the timeline with its words, the newest first; None where nobody can tell."""
    if found is None or found.timeline is None:
        return None
    return [(entry, timeline_words.say(entry)) for entry in reversed(found.timeline)]
