"""ETag and If-None-Match (RFC 9110 13.1.2), for answers that are cheap to make and may be large to send."""

import functools
import hashlib
from collections.abc import Awaitable, Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.utils.http import parse_etags

Run = Callable[..., Awaitable[HttpResponse]]


def conditional(run: Run) -> Run:
    """Let an operation that does not wait answer 304 to who has the same body already."""

    @functools.wraps(run)
    async def conditional_run(request: HttpRequest, **kwargs: Any) -> HttpResponse:
        response = await run(request, **kwargs)
        waited = request.GET.get("wait", "0") != "0"
        return (
            response if waited or response.status_code != 200 else _conditional(request, response)
        )

    return conditional_run


def _conditional(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    etag = f'"{hashlib.blake2b(response.content, digest_size=16).hexdigest()}"'
    response["ETag"] = etag
    known = parse_etags(request.headers.get("If-None-Match", ""))
    if "*" not in known and etag not in (each.removeprefix("W/") for each in known):
        return response
    kept = {name: response[name] for name in ("Cache-Control", "ETag") if name in response}
    return HttpResponseNotModified(headers=kept)
