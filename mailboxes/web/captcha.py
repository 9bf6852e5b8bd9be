"""Forms behind the CAPTCHA: a proof of work or Google's token, or the answer to a question in plain words."""

import functools
from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec

from django import forms
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django_altcha import AltchaField, AltchaWidget
from django_recaptcha.fields import ReCaptchaField
from django_recaptcha.widgets import ReCaptchaV3

from mailboxes.gate import captcha, limits, proof_of_work, questions, recaptcha
from mailboxes.rules.errors import CaptchaFailed, RateLimited, Unavailable

P = ParamSpec("P")


class _ProofWidget(AltchaWidget):  # type: ignore[misc]
    """A hidden field; the script makes ALTCHA's element when it is needed."""

    template_name = "mailboxes/_captcha_altcha.html"

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        # never the solution that was sent: it is used
        context: dict[str, Any] = super().get_context(name, None, attrs)
        return context


class _ProofField(AltchaField):  # type: ignore[misc]
    widget = _ProofWidget

    def validate(self, value: Any) -> None:
        """Leave it to the form, which verifies when everything else is right."""


class _TokenWidget(ReCaptchaV3):  # type: ignore[misc]
    template_name = "mailboxes/_captcha_recaptcha.html"


class _TokenField(ReCaptchaField):  # type: ignore[misc]
    def validate(self, value: Any) -> None:
        """Leave it to the form, which verifies when everything else is right."""


class CaptchaForm(forms.Form):
    """A form that is valid once for each solution.

    `status` is what a refused one is answered with; `by_question` tells that a question was answered.
    """

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request = request
        self.status = 422
        self.by_question = False
        self.asks_question = "question" in request.GET
        if field := _field():
            self.fields["captcha"] = field

    @property
    def gated(self) -> bool:
        """Whether there is a CAPTCHA at all."""
        return "captcha" in self.fields

    @property
    def asks_google(self) -> bool:
        """Whether Google is asked about the visitor."""
        return captcha.kind() == captcha.RECAPTCHA

    @functools.cached_property
    def question(self) -> questions.Question:
        """A question of this form's own, fresh each time the form is shown."""
        return questions.ask()

    def full_clean(self) -> None:
        super().full_clean()
        if self.gated and self.is_bound and not self.errors:
            self._pass_gate()

    def _pass_gate(self) -> None:
        try:
            limits.check_captcha_attempt(self.request)
            self._verify()
        except RateLimited as error:
            text = _("There were too many attempts. Please wait %(seconds)d seconds.")
            self._refuse(429, text % {"seconds": error.retry_after})
        except Unavailable:
            self._refuse(503, _("This cannot be checked right now. Please try again in a moment."))
        except CaptchaFailed:
            self._refuse(422, self._words())

    def _verify(self) -> None:
        solution = self.cleaned_data.get("captcha") or ""
        if solution:
            return captcha.verify(solution)
        self.by_question = self.asks_question = True
        return captcha.verify_answer(*map(self._sent, ("captcha_question", "captcha_answer")))

    def _sent(self, name: str) -> str:
        return str(self.data.get(name, ""))

    def _words(self) -> str:
        if not self.by_question:
            return _("We could not confirm this. Please try again, or answer a question instead.")
        if not self._sent("captcha_answer").strip():
            return _("Please answer the question, so that we know that a person asks.")
        return _("That was not the answer. Here is another question.")

    def _refuse(self, status: int, text: str) -> None:
        self.status = status
        self.add_error(None, text)


def _field() -> forms.Field | None:
    made: forms.Field | None = None
    if captcha.kind() == captcha.ALTCHA:
        made = _ProofField(required=False, challengeurl=reverse("web:challenge"))
    elif captcha.kind() == captcha.RECAPTCHA:
        widget = _TokenWidget(action=recaptcha.ACTION)
        made = _TokenField(public_key=recaptcha.site_key(), private_key="-", widget=widget)
        made.required = False
    return made


_GOOGLE = ["https://www.google.com/recaptcha/", "https://www.gstatic.com/recaptcha/"]
_POLICIES: dict[str, dict[str, list[str]]] = {
    # ALTCHA's element starts its worker from a blob that it made itself
    captcha.ALTCHA: {"worker-src": ["'self'", "blob:"]},
    captcha.RECAPTCHA: {"script-src": _GOOGLE, "frame-src": _GOOGLE, "connect-src": _GOOGLE},
    captcha.OFF: {},
}


# Seconds: attempts are counted by the minute; what is away is expected back soon.
_RETRY_AFTER = {429: "60", 503: "10"}


def captcha_page(
    view: Callable[Concatenate[HttpRequest, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """Let the browser run, on this view's pages only, what the configured CAPTCHA needs; tell when to try again."""

    @functools.wraps(view)
    def allowing(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        response = view(request, *args, **kwargs)
        response._csp_update = _POLICIES[captcha.kind()]  # type: ignore[attr-defined]
        if response.status_code in _RETRY_AFTER:
            response.headers.setdefault("Retry-After", _RETRY_AFTER[response.status_code])
        return response

    return allowing


@never_cache
@require_safe
def challenge(request: HttpRequest) -> HttpResponse:
    """Give out a challenge for one proof of work."""
    try:
        limits.check_challenge(request)
    except RateLimited as error:
        return JsonResponse({}, status=429, headers={"Retry-After": str(error.retry_after)})
    except Unavailable:
        return JsonResponse({}, status=503, headers={"Retry-After": "10"})
    return JsonResponse(proof_of_work.challenge(), headers={"Cache-Control": "no-store"})
