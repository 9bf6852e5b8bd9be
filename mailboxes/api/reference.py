"""/api/docs: the description of the API as a page in the look of the site."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import get_language
from django.views.decorators.cache import cache_control
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe
from ninja import NinjaAPI
from ninja.openapi.docs import DocsBase

from mailboxes.api.description.reading import Reader
from mailboxes.gate import site

_FIVE_MINUTES = 300


def described(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Decorate the two views that describe the API: the same for everybody, for GET and HEAD."""
    decorated: Callable[..., HttpResponse] = require_safe(
        cache_control(public=True, max_age=_FIVE_MINUTES)(view)
    )
    return csrf_exempt(decorated)  # so that other methods are not allowed, rather than forbidden


class ReferencePage(DocsBase):
    """Draws the page from what /api/openapi.json says."""

    def render_page(self, request: HttpRequest, api: NinjaAPI, **kwargs: Any) -> HttpResponse:
        """Return the page."""
        return HttpResponse(page(api, site.url(""), get_language()))


@lru_cache(maxsize=32)
def page(api: NinjaAPI, base_url: str, language: str | None) -> str:
    """Return the page, which is drawn once for each language: it is large, and the same for everybody."""
    reader = Reader(api.get_openapi_schema())
    context = {
        "request": {"path": reverse("api:openapi-view")},  # for its canonical URL
        "schemes": reader.document["components"]["securitySchemes"],
        "groups": reader.groups(),
        "shared": reader.shared(),
        "problem": reader.fields_of("Problem"),
    }
    return render_to_string("mailboxes/api_docs.html", context)
