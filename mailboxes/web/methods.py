"""A page of ours in the place of Django's empty 405, as for somebody who opens a form's address."""

from collections.abc import Callable
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.utils.decorators import sync_and_async_middleware

from mailboxes.web import errors


@sync_and_async_middleware
def method_pages(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """Give every refusal of a method its page; which methods are right stays said (RFC 9110 15.5.6)."""
    if iscoroutinefunction(get_response):

        async def middleware(request: HttpRequest) -> HttpResponseBase:
            return _with_page(request, await get_response(request))

        return middleware

    return lambda request: _with_page(request, get_response(request))


def _with_page(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    if not isinstance(response, HttpResponseNotAllowed) or response.content:
        return response
    page = errors.method_not_allowed(request)
    page["Allow"] = response["Allow"]
    return page
