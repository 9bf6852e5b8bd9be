"""Whatever goes wrong below /api/ outside of an operation (no such path, method, host) is a problem too."""

from collections.abc import Awaitable, Callable
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.decorators import sync_and_async_middleware

from mailboxes.api import problems


@sync_and_async_middleware
def api_problems(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """Replace error pages by problems of the same status."""
    if iscoroutinefunction(get_response):

        async def middleware(request: HttpRequest) -> HttpResponseBase:
            answer: Awaitable[HttpResponseBase] = get_response(request)
            return _as_problem(request, await answer)

        return middleware

    return lambda request: _as_problem(request, get_response(request))


def _as_problem(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    is_error = response.status_code >= 400 and request.path_info.startswith("/api/")
    if not is_error or response.headers.get("Content-Type") == problems.CONTENT_TYPE:
        return response
    problem = problems.of_status(response.status_code)
    if "Allow" in response.headers:  # RFC 9110 15.5.6: a 405 says what is allowed
        problem["Allow"] = response.headers["Allow"]
    return problem
