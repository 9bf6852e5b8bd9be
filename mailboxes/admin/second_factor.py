"""An operator's own second factor: set up by a QR code drawn here, recovery codes, and taken away again."""

from typing import Any

import django_otp
from django import forms
from django.contrib import admin, messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.http import require_http_methods

from mailboxes.admin.signing_in import CodeInput
from mailboxes.gate import limits, operators
from mailboxes.rules.errors import RateLimited, Unavailable
from mailboxes.services import second_factor

_WRONG = gettext_lazy(
    "This code was not taken: it is wrong, was used before, or comes too soon after a wrong one."
)


class CodeForm(forms.Form):
    code = forms.CharField(label=gettext_lazy("Code"), max_length=32, widget=CodeInput())


@never_cache
@csrf_protect
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """Show or change it. Open to whoever has signed in, also to those who may do nothing else before it is set up."""
    operators.keep(request)
    if not operators.is_known(request):
        return _to_sign_in(request)
    if operators.has_second_factor(request):
        return _kept(request) if operators.is_verified(request) else _to_sign_in(request)
    return _new(request)


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    return redirect_to_login(request.get_full_path(), reverse("admin:login"))


def _new(request: HttpRequest) -> HttpResponse:
    """Offer a key; nothing is kept before a code of it was given back."""
    form = CodeForm(request.POST or None)
    given = request.POST.get("offer", "")
    if request.method == "POST" and _may_try(request, form):
        device = _tried(request, given, form.cleaned_data["code"].strip())
        if device is not None:
            return _set_up(request, device)
        form.add_error("code", str(_WRONG))
    return _answer(
        request, "admin/second_factor_new.html", {"form": form, **_offer(request, given)}
    )


def _tried(request: HttpRequest, given: str, code: str) -> Any:
    try:
        return second_factor.set_up(request.user, given, code)
    except ValueError:
        return None


def _offer(request: HttpRequest, given: str) -> dict[str, str]:
    """Return the offer that was given back, as somebody may have scanned it, or a new one."""
    user = request.user
    try:
        key = second_factor.offered_key(user, given)
    except ValueError:
        given = second_factor.offer(user)
        key = second_factor.offered_key(user, given)
    url = second_factor.offered_url(user, given, request.get_host())
    return {"offer": given, "key": key, "url": url}


def _set_up(request: HttpRequest, device: Any) -> HttpResponse:
    """Admit this session, under a new key; older ones of this account are admitted no more."""
    request.session.cycle_key()
    django_otp.login(request, device)
    return _codes(request)


def _kept(request: HttpRequest) -> HttpResponse:
    form = CodeForm(request.POST or None)
    if request.method == "POST" and _may_try(request, form):
        if second_factor.verify(request.user, form.cleaned_data["code"]) is None:
            form.add_error("code", str(_WRONG))
        elif request.POST.get("act") == "codes":
            return _codes(request)
        elif request.POST.get("act") == "remove":
            second_factor.remove(request.user, actor=request.user.get_username())
            messages.success(request, _("Your second factor is removed."))
            return HttpResponseRedirect(reverse("admin:second_factor"))
    context = {"form": form, "left": second_factor.codes_left(request.user)}
    return _answer(request, "admin/second_factor.html", context)


def _codes(request: HttpRequest) -> HttpResponse:
    """Show new recovery codes in the answer itself: they are kept as digests only."""
    codes = second_factor.make_codes(request.user)
    return _answer(request, "admin/recovery_codes.html", {"codes": codes})


def _may_try(request: HttpRequest, form: CodeForm) -> bool:
    if not form.is_valid():
        return False
    try:
        limits.check_sign_in(request, request.user.get_username())
    except (RateLimited, Unavailable) as error:
        form.add_error("code", error.title)
        return False
    return True


def _answer(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    everywhere = admin.site.each_context(request)
    titled = {"title": _("Second factor"), "required": operators.needs_second_factor()}
    return TemplateResponse(request, template, {**everywhere, **titled, **context})
