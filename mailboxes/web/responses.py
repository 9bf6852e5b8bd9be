"""Small kinds of response that several pages use."""

from typing import TypeVar

from django.http import HttpResponseRedirect
from django.http.response import HttpResponseBase

Response = TypeVar("Response", bound=HttpResponseBase)


class SeeOther(HttpResponseRedirect):
    """303: the answer to a POST is to be fetched by GET (RFC 9110 15.4.4)."""

    status_code = 303


def make_private(response: Response) -> Response:
    """Keep a response out of caches and search engines."""
    response["Cache-Control"] = "no-store"
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response
