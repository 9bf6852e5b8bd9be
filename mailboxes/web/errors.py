"""Error pages. None of them says more than its status: no path, no exception, nothing that a request brought."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mailboxes.rules.errors import (
    Blocked,
    Frozen,
    NotFound,
    Paused,
    RateLimited,
    TempmailError,
)
from mailboxes.web.responses import make_private

_MINUTE, _HOUR = 60, 3600
PAUSED_RETRY = 600  # seconds


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """400: the request makes no sense."""
    text = _("What your browser sent could not be read.")
    steps = (
        _("Go back, load the page again and repeat what you did."),
        _("If you typed the address of this page, compare it letter by letter."),
    )
    return _page(request, 400, _("That request made no sense"), text, steps)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403: not allowed."""
    text = _("This part of the site is not open to you.")
    steps = (_("Everything for visitors is reached from the start page."),)
    return _page(request, 403, _("This is not allowed"), text, steps)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403: a form without a valid CSRF token. `reason` is for developers and is not shown."""
    text = _("The form was too old, did not come from this site, or your browser refuses cookies.")
    steps = (
        _("Go back, load the page again and repeat what you did."),
        _("Allow cookies for this site: without them we cannot tell that an address is yours."),
    )
    return _page(request, 403, _("This form is no longer valid"), text, steps)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404: the very same page for what never was, what has ended, and what is somebody else's."""
    text = _(
        "Either it never existed, or its time is over, or this browser does not hold its key. "
        "For your protection the answer is the same in all three cases."
    )
    steps = (
        _("Addresses that this browser can still open are on the start page."),
        _("Opened it on another device? Use the recovery key from there."),
        _("If its time is over it is gone for everybody, and a new address takes one click."),
    )
    return _page(request, 404, _("There is nothing here"), text, steps, offer_recovery=True)


def gone(request: HttpRequest, rest: str) -> HttpResponse:
    """The same 404 for every other path below /m/."""
    return not_found(request)


def method_not_allowed(request: HttpRequest) -> HttpResponse:
    """405: the page exists, but not for this kind of request."""
    text = _("This address is for a form of ours to send to, not for opening.")
    steps = (_("Open the page that has the form, and use its button."),)
    return _page(request, 405, _("This cannot be opened like that"), text, steps)


def server_error(request: HttpRequest) -> HttpResponse:
    """500: our fault. Where even our page cannot be made, one is sent that needs no more than its template."""
    title = _("Something broke")
    text = _("The fault is ours, not yours. Mail that arrived for you stays where it is.")
    steps = (
        _("Wait a moment, then load the page again."),
        _("If it happens again, please tell the operator what you did; do not send your key."),
    )
    try:
        return _page(request, 500, title, text, steps)
    except Exception:  # noqa: BLE001 - whatever broke may be what our page is made with
        context = {"status": 500, "title": title, "text": text, "steps": steps}
        page = render_to_string("mailboxes/error_plain.html", context)
        return make_private(HttpResponse(page, status=500))


def unavailable(request: HttpRequest) -> HttpResponse:
    """503: a part that this page needs is away; asking again soon is right."""
    text = _("A part of the service is away. Mail is still being received and waits for you.")
    steps = (_("Wait half a minute, then load the page again. Nothing needs to be sent twice."),)
    response = _page(request, 503, _("We will be right back"), text, steps)
    response["Retry-After"] = "10"
    return response


def rate_limited(request: HttpRequest, retry_after: int) -> HttpResponse:
    """429: come back in `retry_after` seconds."""
    text = _("There were more requests from your network than we can allow.")
    steps = (
        _("Please wait %(time)s, then try again.") % {"time": _wait(retry_after)},
        _("You may share your network with others: a mobile network, a company, a VPN."),
        _("Addresses that you have already go on receiving mail meanwhile."),
    )
    response = _page(request, 429, _("A little slower, please"), text, steps)
    response["Retry-After"] = str(retry_after)
    return response


def frozen(request: HttpRequest) -> HttpResponse:
    """403: its owner holds the key, but the operator has frozen it. Not 410: it may be given back."""
    text = _(
        "The operator of this service has frozen it, as is done after a report of abuse. It gets no mail, and what is "
        "in it can neither be read nor deleted by you. The operator cannot read it either."
    )
    steps = (
        _("It ends when its time is over, and its mail is deleted then."),
        _("If you think that this is a mistake, tell the operator; do not send your key."),
    )
    return _page(request, 403, _("This address is frozen"), text, steps)


def blocked(request: HttpRequest) -> HttpResponse:
    """403: no address for this network."""
    text = _("Your network was used to misuse this service, and the operator has blocked it.")
    steps = (
        _("You may share your network with others: a mobile network, a company, a VPN."),
        _("Addresses that you have already go on receiving mail."),
        _("If you think that this is a mistake, tell the operator."),
    )
    return _page(request, 403, _("No address for this network"), text, steps)


def paused(request: HttpRequest) -> HttpResponse:
    """503: the operator gives no addresses to anybody for now."""
    text = _(
        "The operator has paused giving them out, to anybody, as is done during a wave of misuse."
    )
    steps = (
        _("Please come back later."),
        _("Addresses that you have already go on receiving mail meanwhile."),
    )
    response = _page(request, 503, _("No new addresses at the moment"), text, steps)
    response["Retry-After"] = str(PAUSED_RETRY)
    return response


def answer(request: HttpRequest, error: TempmailError) -> HttpResponse:
    """Return the page for an error that the gate or a service raised."""
    if isinstance(error, NotFound):
        return not_found(request)
    if isinstance(error, RateLimited):
        return rate_limited(request, error.retry_after)
    pages = {Frozen: frozen, Blocked: blocked, Paused: paused}
    return pages.get(type(error), unavailable)(request)


def _wait(seconds: int) -> str:
    """Return a duration in words, rounded up: nobody is to come too early."""
    if seconds < _MINUTE:
        return ngettext("%(n)d second", "%(n)d seconds", seconds) % {"n": seconds}
    if seconds <= _HOUR:
        minutes = -(-seconds // _MINUTE)
        return ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes}
    hours = -(-seconds // _HOUR)
    return ngettext("%(n)d hour", "%(n)d hours", hours) % {"n": hours}


def _page(
    request: HttpRequest,
    status: int,
    title: str,
    text: str,
    steps: tuple[str, ...] = (),
    offer_recovery: bool = False,
) -> HttpResponse:
    context = {
        "status": status,
        "title": title,
        "text": text,
        "steps": steps,
        "offer_recovery": offer_recovery,
    }
    return make_private(render(request, "mailboxes/error.html", context, status=status))
