"""Signing in to the admin: name, password and code on one form, with one answer to all that is wrong; and slowly."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth.models import AbstractBaseUser
from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _

from mailboxes.gate import limits, operators
from mailboxes.models.abuse import ModerationRecord
from mailboxes.rules.errors import RateLimited, Unavailable
from mailboxes.services import audit, second_factor

_UNAVAILABLE_RETRY = 30  # seconds


class CodeInput(forms.TextInput):
    """A field for a code that a phone offers by itself."""

    def __init__(self) -> None:
        super().__init__({"autocomplete": "one-time-code", "autocapitalize": "none", "size": 12})


class SignInForm(AdminAuthenticationForm):
    """A stranger learns neither whether the password was right nor whether there is a second factor."""

    code = forms.CharField(label=_("Code"), required=False, max_length=32, widget=CodeInput())
    error_messages = {
        **AdminAuthenticationForm.error_messages,
        "invalid_login": _(
            "These do not belong together, or the code was used before. Please look at all three: name, password, "
            "and, if you have set one up, the code of your app or a recovery code."
        ),
    }

    def clean(self) -> dict[str, Any]:
        """Check the code after the password: so that only who knows that one can use up tries of codes."""
        cleaned = super().clean()
        user = self.user_cache
        if user is not None and second_factor.is_set_up(user):
            device = second_factor.verify(user, cleaned.get("code", ""))
            if device is None:
                raise self.get_invalid_login_error()
            user.otp_device = device  # type: ignore[attr-defined]
        return cleaned


def throttled(
    request: HttpRequest,
    account: str,
    view: Callable[..., HttpResponse],
    extra: dict[str, Any] | None,
) -> HttpResponse:
    """Show a form that takes a password, or count what was sent with it first."""
    if request.method == "POST":
        try:
            limits.check_sign_in(request, account)
        except RateLimited as error:
            return _refusal(request, 429, error.retry_after)
        except Unavailable:
            return _refusal(request, 503, _UNAVAILABLE_RETRY)
    return view(request, extra)


def _refusal(request: HttpRequest, status: int, seconds: int) -> HttpResponse:
    context = {"title": _("Not now"), "status": status, "minutes": -(-seconds // 60)}
    page = TemplateResponse(request, "admin/refused.html", context, status=status)
    page["Retry-After"] = str(seconds)
    page["Cache-Control"] = "no-store"
    return page


@receiver(user_logged_in)
def _begun(request: HttpRequest, user: AbstractBaseUser, **kwargs: Any) -> None:
    operators.begin(request)
    audit.record(ModerationRecord.Act.SIGN_IN, actor=user.get_username())
