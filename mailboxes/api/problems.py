"""Errors of the API: RFC 9457 problem details with a stable `code`. The one place that makes them."""

import json
import logging
from collections.abc import Callable
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI, Schema
from ninja.errors import AuthenticationError, HttpError, ValidationError

from mailboxes.api import rate_fields
from mailboxes.rules import errors

logger = logging.getLogger(__name__)

CONTENT_TYPE = "application/problem+json"
REALM = "tempmail"

_STATUS: dict[type[errors.TempmailError], int] = {
    errors.UnknownToken: 401,
    errors.InsufficientScope: 403,
    errors.CaptchaFailed: 403,
    errors.LocalPartNotAllowed: 403,
    errors.Frozen: 403,
    errors.Blocked: 403,
    errors.WebhookRefused: 403,
    errors.WebhooksOff: 403,
    errors.NotFound: 404,
    errors.UnknownCursor: 404,
    errors.AddressTaken: 409,
    errors.DomainUnavailable: 409,
    errors.TooManyWebhooks: 409,
    errors.MailboxEnded: 410,
    errors.IdempotencyKeyReused: 422,
    errors.InvalidAddress: 422,
    errors.LifetimeOutOfBounds: 422,
    errors.RateLimited: 429,
    errors.Paused: 503,
    errors.Unavailable: 503,
}
_PLAIN = {
    "bad_request": (400, "The request cannot be read"),
    "forbidden": (403, "This is not allowed"),
    "method_not_allowed": (405, "This method is not for this path"),
    "too_large": (413, "The request is too large"),
    "invalid": (422, "The request has invalid values"),
    "server_error": (500, "Something went wrong on our side"),
}
# Every code that the API answers with: its status and its title.
CODES: dict[str, tuple[int, str]] = {
    **{error.code: (status, error.title) for error, status in _STATUS.items()},
    **_PLAIN,
}
_OF_STATUS = {status: code for code, (status, _title) in _PLAIN.items()} | {
    403: "forbidden",
    404: errors.NotFound.code,
}


class Problem(Schema):
    """RFC 9457 section 3.1, with `code` as its extension member."""

    type: str
    title: str
    status: int
    code: str
    errors: list[dict[str, Any]] | None = None


def documented(*statuses: int, token: bool = True) -> dict[int, type[Problem]]:
    """Return these statuses, and those that every operation may answer with, as problems for `response=`.

    `token`: whether the operation asks for one.
    """
    always = {400, 401, 429} if token else {400, 429}
    return dict.fromkeys(sorted({*always, *statuses}), Problem)


def response(status: int, code: str, title: str, **more: Any) -> HttpResponse:
    """Return a problem. `more` are extension members; none may hold what the client must not learn."""
    body = {"type": "about:blank", "title": title, "status": status, "code": code, **more}
    answer = HttpResponse(json.dumps(body), status=status, content_type=CONTENT_TYPE)
    answer["Cache-Control"] = "no-store"
    if status == 401:
        answer["WWW-Authenticate"] = f'Bearer realm="{REALM}"'  # RFC 6750 section 3
    return answer


def of_code(code: str, **more: Any) -> HttpResponse:
    """Return the problem of one of CODES."""
    status, title = CODES[code]
    return response(status, code, title, **more)


def of_status(status: int) -> HttpResponse:
    """Return the problem that says no more than its status."""
    code = _OF_STATUS.get(status, "bad_request" if status < 500 else "server_error")
    return response(status, code, CODES[code][1])


def of_error(request: HttpRequest, error: errors.TempmailError) -> HttpResponse:
    """Return the problem that an error of ours is; one that is no client's doing is noted and not told."""
    status = next((_STATUS[kind] for kind in type(error).__mro__ if kind in _STATUS), None)
    if status is None:
        return _unexpected(request, error)
    answer = response(status, error.code, error.title)
    for name, value in _headers(request, error).items():
        answer[name] = value
    return answer


def install(api: NinjaAPI) -> None:
    """Let every error of an API's operations, expected or not, become a problem."""
    handlers: dict[type[Exception], Callable[[HttpRequest, Any], HttpResponse]] = {
        errors.TempmailError: of_error,
        ValidationError: _validation_error,
        AuthenticationError: _unauthorized,
        HttpError: _http_error,
        RequestDataTooBig: _too_large,
        OperationalError: _database_away,
        InterfaceError: _database_away,
        Exception: _unexpected,
    }
    for exception, handler in handlers.items():
        api.add_exception_handler(exception, handler)


def _headers(request: HttpRequest, error: errors.TempmailError) -> dict[str, str]:
    if isinstance(error, errors.UnknownToken):
        return {"WWW-Authenticate": _challenge(request)}
    if isinstance(error, errors.InsufficientScope):  # RFC 6750 section 3.1
        words = f'Bearer realm="{REALM}", error="insufficient_scope", scope="{error.scope}"'
        return {"WWW-Authenticate": words}
    if isinstance(error, errors.RateLimited):
        return {"Retry-After": str(error.retry_after), **rate_fields.exceeded(error)}
    if isinstance(error, errors.Unavailable | errors.Paused):
        return {"Retry-After": "600" if isinstance(error, errors.Paused) else "5"}
    return {}


def _challenge(request: HttpRequest) -> str:
    """RFC 6750 section 3.1: no error code for whoever sent no token."""
    scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
    sent = scheme.lower() == "bearer" and token.strip()
    return f'Bearer realm="{REALM}"' + (', error="invalid_token"' if sent else "")


def _validation_error(request: HttpRequest, exception: ValidationError) -> HttpResponse:
    """Say where and what, never the value: pydantic's `input` and `ctx` would echo it."""
    found = [{"loc": list(e["loc"]), "msg": e["msg"], "type": e["type"]} for e in exception.errors]
    return of_code("invalid", errors=found)


def _unauthorized(request: HttpRequest, exception: AuthenticationError) -> HttpResponse:
    return of_error(request, errors.UnknownToken())


def _http_error(request: HttpRequest, exception: HttpError) -> HttpResponse:
    return of_status(exception.status_code)


def _too_large(request: HttpRequest, exception: RequestDataTooBig) -> HttpResponse:
    return of_status(413)


def _database_away(request: HttpRequest, exception: Exception) -> HttpResponse:
    return of_error(request, errors.Unavailable())


def _unexpected(request: HttpRequest, exception: Exception) -> HttpResponse:
    logger.error("an exception in an API operation", exc_info=exception)
    return of_status(500)
