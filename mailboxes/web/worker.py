"""The service worker. It stands at the root, because a worker may only serve pages below its own path."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe


@require_safe
@cache_control(public=True, max_age=3600)
def worker(request: HttpRequest) -> HttpResponse:
    """Answer the script."""
    return render(request, "mailboxes/sw.js", content_type="text/javascript; charset=utf-8")
