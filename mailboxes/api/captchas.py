"""The CAPTCHA that stands in for an API key."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Router

from mailboxes.api.problems import documented
from mailboxes.api.schemas.creation import CaptchaOut
from mailboxes.gate import captcha as gate
from mailboxes.gate import limits, proof_of_work, recaptcha

router = Router()


@router.get("captcha", response={200: CaptchaOut, **documented(503, token=False)})
def captcha(request: HttpRequest, response: HttpResponse) -> dict[str, Any]:
    """Give out what `captcha` in POST /api/generate is to answer."""
    limits.check_challenge(request)
    response["Cache-Control"] = "no-store"
    kind = gate.kind()
    if kind == gate.ALTCHA:
        return {"kind": kind, "challenge": proof_of_work.challenge()}
    if kind == gate.RECAPTCHA:
        return {"kind": kind, "site_key": recaptcha.site_key(), "action": recaptcha.ACTION}
    return {"kind": kind}
