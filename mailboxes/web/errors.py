"""Error pages. None of them says more than its status: no path, no exception, nothing that a request brought."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from mailboxes.rules.errors import NotFound, RateLimited, TempmailError
from mailboxes.web.responses import make_private


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """400: the request makes no sense."""
    return _page(
        request, 400, _("That request made no sense"), _("Please go back and try once more.")
    )


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403: not allowed."""
    return _page(request, 403, _("This is not allowed"), _("There is nothing to see here."))


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404: the very same page for what never was, what has ended, and what is somebody else's."""
    text = _(
        "Either it never existed, or its time is over, or this browser does not hold its key. "
        "For your protection the answer is the same in all three cases."
    )
    return _page(request, 404, _("There is nothing here"), text)


def gone(request: HttpRequest, rest: str) -> HttpResponse:
    """The same 404 for every other path below /m/."""
    return not_found(request)


def server_error(request: HttpRequest) -> HttpResponse:
    """500: our fault."""
    text = _("The fault is ours, not yours. Your mail is safe; please try again in a moment.")
    return _page(request, 500, _("Something broke"), text)


def unavailable(request: HttpRequest) -> HttpResponse:
    """503: a part that this page needs is away; asking again soon is right."""
    text = _("Mail is still being received and waits for you. Please try again in a moment.")
    response = _page(request, 503, _("We will be right back"), text)
    response["Retry-After"] = "10"
    return response


def rate_limited(request: HttpRequest, retry_after: int) -> HttpResponse:
    """429: come back in `retry_after` seconds."""
    text = _(
        "There were more requests from your network than we can allow. "
        "Please wait %(seconds)d seconds and try again."
    ) % {"seconds": retry_after}
    response = _page(request, 429, _("A little slower, please"), text)
    response["Retry-After"] = str(retry_after)
    return response


def answer(request: HttpRequest, error: TempmailError) -> HttpResponse:
    """Return the page for an error that the gate or a service raised."""
    if isinstance(error, NotFound):
        return not_found(request)
    if isinstance(error, RateLimited):
        return rate_limited(request, error.retry_after)
    return unavailable(request)


def _page(request: HttpRequest, status: int, title: str, text: str) -> HttpResponse:
    context = {"status": status, "title": title, "text": text}
    return make_private(render(request, "mailboxes/error.html", context, status=status))
