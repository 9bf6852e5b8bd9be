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

from mailboxes.rules import errors

logger = logging.getLogger(__name__)

CONTENT_TYPE = "application/problem+json"

_STATUS: dict[type[errors.TempmailError], int] = {
    errors.UnknownToken: 401,
    errors.NotFound: 404,
    errors.UnknownCursor: 404,
    errors.AddressTaken: 409,
    errors.DomainUnavailable: 409,
    errors.InvalidAddress: 422,
    errors.LifetimeOutOfBounds: 422,
    errors.LocalPartNotAllowed: 422,
    errors.RateLimited: 429,
    errors.Frozen: 403,
    errors.Blocked: 403,
    errors.Paused: 503,
    errors.Unavailable: 503,
}


class Problem(Schema):
    """RFC 9457 section 3.1, with `code` as its extension member."""

    type: str
    title: str
    status: int
    code: str
    errors: list[dict[str, Any]] | None = None


def response(status: int, code: str, title: str, **more: Any) -> HttpResponse:
    """Return a problem. `more` are extension members; none may hold what the client must not learn."""
    body = {"type": "about:blank", "title": title, "status": status, "code": code, **more}
    answer = HttpResponse(json.dumps(body), status=status, content_type=CONTENT_TYPE)
    answer["Cache-Control"] = "no-store"
    if status == 401:
        answer["WWW-Authenticate"] = "Bearer"  # RFC 6750 section 3
    return answer


_TITLES = {
    400: ("bad_request", "The request cannot be read"),
    403: ("forbidden", "This is not allowed"),
    404: (errors.NotFound.code, errors.NotFound.title),
    405: ("method_not_allowed", "This method is not for this path"),
    413: ("too_large", "The request is too large"),
    500: ("server_error", "Something went wrong on our side"),
}


def of_status(status: int) -> HttpResponse:
    """Return the problem that says no more than its status."""
    code, title = _TITLES.get(status, ("error", "The request cannot be answered"))
    return response(status, code, title)


def install(api: NinjaAPI) -> None:
    """Let every error of an API's operations, expected or not, become a problem."""
    handlers: dict[type[Exception], Callable[[HttpRequest, Any], HttpResponse]] = {
        errors.TempmailError: _tempmail_error,
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


def _tempmail_error(request: HttpRequest, exception: errors.TempmailError) -> HttpResponse:
    status = _STATUS.get(type(exception), 500)
    answer = response(status, exception.code, exception.title)
    if isinstance(exception, errors.RateLimited):
        answer["Retry-After"] = str(exception.retry_after)
    elif status == 503:
        answer["Retry-After"] = "600" if isinstance(exception, errors.Paused) else "5"
    return answer


def _validation_error(request: HttpRequest, exception: ValidationError) -> HttpResponse:
    """Say where and what, never the value: pydantic's `input` and `ctx` would echo it."""
    found = [{"loc": list(e["loc"]), "msg": e["msg"], "type": e["type"]} for e in exception.errors]
    return response(422, "invalid", "The request has invalid values", errors=found)


def _unauthorized(request: HttpRequest, exception: AuthenticationError) -> HttpResponse:
    return response(401, errors.UnknownToken.code, errors.UnknownToken.title)


def _http_error(request: HttpRequest, exception: HttpError) -> HttpResponse:
    return of_status(exception.status_code)


def _too_large(request: HttpRequest, exception: RequestDataTooBig) -> HttpResponse:
    return of_status(413)


def _database_away(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _tempmail_error(request, errors.Unavailable())


def _unexpected(request: HttpRequest, exception: Exception) -> HttpResponse:
    logger.error("an exception in an API operation", exc_info=exception)
    return of_status(500)
