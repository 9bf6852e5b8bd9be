"""Pages that are the same for everybody."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe


@require_safe
def about(request: HttpRequest) -> HttpResponse:
    """How it works, and what it is not for."""
    return render(request, "mailboxes/about.html")


@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    """What is kept, for how long, and who can read it."""
    return render(request, "mailboxes/privacy.html")
