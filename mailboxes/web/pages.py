"""Pages that are the same for everybody."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from mailboxes.gate import facts, site
from mailboxes.web import privacy as privacy_tables
from mailboxes.web import times

# Names of URLs that search engines may list, the most important first.
PUBLIC = ("home", "about", "faq", "developers", "privacy", "terms", "report", "status", "receipt")


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
    tables = {"tables": privacy_tables.tables(), "cookies": privacy_tables.cookies()}
    return _page(request, "privacy", **tables)


@require_safe
def terms(request: HttpRequest) -> HttpResponse:
    """Terms and acceptable use."""
    return _page(request, "terms")


@require_safe
def developers(request: HttpRequest) -> HttpResponse:
    """The API as it is, with commands that work."""
    return _page(request, "developers")


def _page(request: HttpRequest, name: str, **more: object) -> HttpResponse:
    known = facts.facts()
    context = {
        "facts": known,
        "operator": known.operator,
        "default_lifetime": times.duration(known.default_lifetime),
        "max_lifetime": times.duration(known.max_lifetime),
        "shortest_lifetime": times.duration(known.shortest_lifetime),
        "unused_lifetime": times.duration(known.unused_lifetime),
        "base_url": site.url(""),
        **more,
    }
    return render(request, f"mailboxes/{name}.html", context)
