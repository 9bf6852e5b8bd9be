"""Pages that are the same for everybody."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from mailboxes.gate import facts, site
from mailboxes.web import cookies, report, times

# Names of URLs that search engines may list, the most important first.
PUBLIC = ("home", "about", "faq", "developers", "privacy", "terms", "report")


@require_safe
def about(request: HttpRequest) -> HttpResponse:
    """How it works, and what it is not for."""
    return _page(request, "about")


@require_safe
def faq(request: HttpRequest) -> HttpResponse:
    """What visitors ask."""
    return _page(request, "faq")


@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    """What is kept, for how long, who can read it, and a visitor's rights."""
    return _page(request, "privacy")


@require_safe
def terms(request: HttpRequest) -> HttpResponse:
    """Terms and acceptable use."""
    return _page(request, "terms")


@require_safe
def developers(request: HttpRequest) -> HttpResponse:
    """The API as it is, with commands that work."""
    return _page(request, "developers")


def _page(request: HttpRequest, name: str) -> HttpResponse:
    known = facts.facts()
    context = {
        "facts": known,
        "operator": known.operator,
        "default_lifetime": times.duration(known.default_lifetime),
        "max_lifetime": times.duration(known.max_lifetime),
        "shortest_lifetime": times.duration(known.shortest_lifetime),
        "base_url": site.url(""),
        "cookie_names": _cookie_names(known),
        "receipt_minutes": report.RECEIPT_SECONDS // 60,
    }
    return render(request, f"mailboxes/{name}.html", context)


def _cookie_names(known: facts.Facts) -> dict[str, str]:
    return {
        "mailbox": cookies.name("…"),
        "csrf": known.csrf_cookie_name,
        "visitor": known.visitor_cookie_name,
        "report": report.cookie_name(),
    }
