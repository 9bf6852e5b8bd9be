"""Creating mailboxes: with an API key, or with the answer to a CAPTCHA."""

import json
from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from ninja import Header, Router, Status
from ninja.errors import ValidationError

from mailboxes.api import presenting, rate_fields
from mailboxes.api.authentication import OptionalApiKeyBearer
from mailboxes.api.problems import documented
from mailboxes.api.schemas.creation import GenerateIn, GenerateOut
from mailboxes.gate import admission, captcha, limits, site
from mailboxes.rules.errors import UnknownToken
from mailboxes.services import api_keys, creation, idempotency
from mailboxes.services.api_keys import KnownKey
from mailboxes.services.creation import Created

router = Router()

Made = tuple[Created, list[limits.Usage]]


@router.post(
    "generate",
    auth=OptionalApiKeyBearer(),
    response={201: GenerateOut, **documented(403, 409, 410, 413, 422, 503)},
)
def generate(
    request: HttpRequest,
    body: GenerateIn,
    response: HttpResponse,
    idempotency_key: Annotated[
        str | None, Header(alias="Idempotency-Key", pattern="^[!-~]{1,255}$")
    ] = None,
) -> Status[dict[str, Any]]:
    """Create a mailbox, with an API key or with the solution of a CAPTCHA."""
    caller = request.auth  # type: ignore[attr-defined]
    if isinstance(caller, KnownKey):
        created, usages = _by_key(request, caller, body, idempotency_key)
    else:
        created, usages = _by_captcha(request, body, idempotency_key)
    response["Cache-Control"] = "no-store"
    for name, value in rate_fields.fields(usages).items():
        response[name] = value
    return Status(201, _presented(created))


def _by_captcha(request: HttpRequest, body: GenerateIn, idempotency_key: str | None) -> Made:
    """In the order of the site: nothing is verified or counted for whom no address is given to anyway."""
    if body.captcha is None:
        raise UnknownToken
    if idempotency_key is not None:  # a token that anybody could derive
        raise _invalid_header("It is for requests with an API key")
    admission.check_creation(request)
    limits.check_captcha_attempt(request)
    captcha.verify(body.captcha)
    usage = limits.check_captcha_creation(request)
    with limits.choosing_name(request, chosen=body.local_part is not None):
        return creation.create(**_wish(body)), [usage]


def _by_key(
    request: HttpRequest, caller: KnownKey, body: GenerateIn, idempotency_key: str | None
) -> Made:
    admission.check_creation(request)
    chooses = body.local_part is not None and creation.custom_names_allowed()
    api_keys.check_scope(caller.row, chooses_name=chooses)
    if idempotency_key is None:
        return _create(request, caller, body, None)
    attempt = idempotency.Attempt(caller.secret, idempotency_key, _spelled(body))
    known = idempotency.find(attempt)
    if known is None:
        return _create(request, caller, body, attempt)
    limits.check_repeat(request, caller.row)
    return idempotency.again(attempt, known), []


def _create(
    request: HttpRequest, caller: KnownKey, body: GenerateIn, attempt: idempotency.Attempt | None
) -> Made:
    usages = limits.check_api_creation(request, caller.row)
    among = api_keys.domains_of(caller.row)

    def create(token: str | None = None) -> Created:
        return creation.create(**_wish(body), token=token, among=among)

    with limits.choosing_name(request, caller.row, chosen=body.local_part is not None):
        return (idempotency.first(attempt, create) if attempt else create()), usages


def _wish(body: GenerateIn) -> dict[str, Any]:
    return {"domain": body.domain, "local_part": body.local_part, "lifetime": body.expires_in}


def _spelled(body: GenerateIn) -> bytes:
    """Return what is asked for in one spelling: a field that is left out is one that is null."""
    return json.dumps(_wish(body), sort_keys=True).encode()


def _invalid_header(words: str) -> ValidationError:
    return ValidationError(
        [{"loc": ["header", "Idempotency-Key"], "msg": words, "type": "value_error"}]
    )


def _presented(created: Created) -> dict[str, Any]:
    mailbox = created.mailbox
    return {
        **presenting.address(mailbox, created.address),
        "token": created.token,
        "inbox_url": site.url(reverse("web:inbox", args=[mailbox.public_id])),
    }
