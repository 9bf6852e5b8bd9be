"""What pages answer while the database is away."""

import functools
from collections.abc import Callable
from typing import Concatenate, ParamSpec

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse

from mailboxes.web import errors

P = ParamSpec("P")


def needs_database(
    view: Callable[Concatenate[HttpRequest, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """Answer 503 in the view's stead when the database is away: temporary, and not our page for faults."""

    @functools.wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except (OperationalError, InterfaceError):
            return errors.unavailable(request)

    return guarded
