"""Receipts of deletion: shown to whoever gets one, and checked for whoever has one. None is kept by us."""

import base64
import json
from datetime import datetime
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.http import require_http_methods, require_safe

from mailboxes.gate import limits, site
from mailboxes.rules.errors import RateLimited
from mailboxes.rules.receipts import MAX_CHARACTERS, Checked, Verdict
from mailboxes.services import receipts
from mailboxes.web import errors
from mailboxes.web.responses import make_private

KEPT_SECONDS = 600
_FILE_NAME = "receipt.json"


class ReceiptForm(forms.Form):
    """A receipt as it was downloaded or copied."""

    receipt = forms.CharField(
        label=gettext_lazy("Receipt"),
        help_text=gettext_lazy("The whole text of it, as you downloaded or copied it."),
        max_length=MAX_CHARACTERS,
        widget=forms.Textarea(
            attrs={"rows": 8, "autocomplete": "off", "spellcheck": "false", "dir": "ltr"}
        ),
    )


def give(response: HttpResponse, receipt: dict[str, Any]) -> HttpResponse:
    """Let the browser show its receipt for a while. It needs no second signature: it is checked before it is shown."""
    response.set_cookie(
        cookie_name(),
        base64.urlsafe_b64encode(json.dumps(receipt).encode()).decode(),
        max_age=KEPT_SECONDS,
        path="/",
        secure=site.is_secure(),
        httponly=True,
        samesite="Lax",
    )
    return response


def cookie_name() -> str:
    """Return the name of the cookie that holds a receipt."""
    return "__Host-receipt" if site.is_secure() else "receipt"


@never_cache
@require_safe
def given(request: HttpRequest) -> HttpResponse:
    """Show the receipt that this browser was just given."""
    text = _held(request)
    checked = receipts.check(text)
    if checked.verdict != Verdict.VALID:
        return redirect("web:receipt")
    context = {**_shown(checked), "receipt": text, "minutes": KEPT_SECONDS // 60}
    return make_private(render(request, "mailboxes/receipt_given.html", context))


@never_cache
@require_safe
def download(request: HttpRequest) -> HttpResponse:
    """The same as a file."""
    text = _held(request)
    if receipts.check(text).verdict != Verdict.VALID:
        return redirect("web:receipt")
    response = HttpResponse(text, content_type="application/json")
    response["Content-Disposition"] = f'attachment; filename="{_FILE_NAME}"'
    return make_private(response)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def check(request: HttpRequest) -> HttpResponse:
    """Say what a receipt is, and check one that is shown. Nothing of it is kept."""
    if request.method != "POST":
        return _page(request, ReceiptForm())
    try:
        limits.check_inbox(request)
    except RateLimited as error:
        return errors.rate_limited(request, error.retry_after)
    form = ReceiptForm(request.POST)
    if not form.is_valid():
        return _page(request, form, status=422)
    checked = receipts.check(form.cleaned_data["receipt"])
    return make_private(_page(request, form, **_shown(checked)))


@require_safe
@cache_control(max_age=3600, public=True)
def keys(request: HttpRequest) -> HttpResponse:
    """The public keys, as a JWK Set (RFC 7517): for programs anywhere."""
    text = json.dumps(receipts.public_keys(), indent=1)
    response = HttpResponse(text, content_type="application/jwk-set+json")
    response["Access-Control-Allow-Origin"] = "*"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


def _held(request: HttpRequest) -> str:
    """Return the receipt that the browser sent, as it is handed out; '' for anything else."""
    try:
        receipt = json.loads(base64.urlsafe_b64decode(request.COOKIES.get(cookie_name(), "")))
    except (ValueError, RecursionError):
        return ""
    return json.dumps(receipt, indent=1, ensure_ascii=False)


def _shown(checked: Checked) -> dict[str, Any]:
    if checked.verdict != Verdict.VALID:
        return {"verdict": checked.verdict.value}
    stated = dict(checked.statement)
    ended = stated["action"] == receipts.MAILBOX_ENDED
    at = datetime.fromisoformat(str(stated["at"]))
    return {"verdict": checked.verdict.value, "stated": stated, "ended": ended, "at": at}


def _page(
    request: HttpRequest, form: ReceiptForm, status: int = 200, **context: Any
) -> HttpResponse:
    context |= {"form": form, "keys_url": site.url(reverse("web:receipt-keys"))}
    return render(request, "mailboxes/receipt.html", context, status=status)
