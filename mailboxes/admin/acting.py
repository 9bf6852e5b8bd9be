"""Doing something to one row or several, on a page that says what will happen and asks for the reason."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin import ModelAdmin, helpers
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from mailboxes.rules.errors import TempmailError
from mailboxes.services import audit

AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Act:
    """What can be done: `name` of the action, words of its page, and whether nothing brings it back."""

    name: str
    title: Promise
    consequence: Promise
    button: Promise
    is_final: bool = False


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=audit.REASON_LENGTH,
        help_text=gettext_lazy("Your words, for the audit log. No address, please."),
    )


def ask(
    shown: "ModelAdmin[Any]",
    request: HttpRequest,
    rows: QuerySet[Any],
    act: Act,
    do: Callable[..., object],
) -> HttpResponse | None:
    """Ask for a reason; with one, do it to each row and say how it went."""
    if rows[: AT_ONCE + 1].count() > AT_ONCE:
        words = _("At most %(count)d at once, please.") % {"count": AT_ONCE}
        shown.message_user(request, words, messages.ERROR)
        return None
    confirmed = "confirmed" in request.POST
    given = {"reason": request.POST.get("reason", "")}
    form = ReasonForm(request.POST) if confirmed else ReasonForm(initial=given)
    if confirmed and form.is_valid():
        _do(shown, request, rows, do, form.cleaned_data["reason"])
        return None
    context = {
        **shown.admin_site.each_context(request),
        "title": act.title,
        "act": act,
        "form": form,
        "rows": rows,
        "opts": shown.opts,
        "checkbox": helpers.ACTION_CHECKBOX_NAME,
    }
    return TemplateResponse(request, "admin/act.html", context)


def _do(
    shown: "ModelAdmin[Any]",
    request: HttpRequest,
    rows: QuerySet[Any],
    do: Callable[..., object],
    reason: str,
) -> None:
    """Do it to each in a transaction of its own: one that is gone stops none of the others."""
    done, same, errors = 0, 0, []
    for row in rows:
        try:
            result = do(row, reason=reason, actor=request.user.get_username())
        except TempmailError as error:
            errors.append(f"{row}: {error.title}")
            continue
        done, same = done + (result is not False), same + (result is False)
    words = ngettext("%(n)d done.", "%(n)d done.", done) % {"n": done}
    if same:
        words += " " + ngettext("%(n)d was so already.", "%(n)d were so already.", same) % {
            "n": same
        }
    shown.message_user(request, words, messages.SUCCESS if done or same else messages.WARNING)
    for failed in errors[:5]:
        shown.message_user(request, failed, messages.ERROR)
