"""One line per request, and the id that ties the lines of a request together."""

import logging
import secrets
import time
from collections.abc import Callable
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.decorators import sync_and_async_middleware

from mailboxes.services import metrics
from tempmail_site.log_format import request_id

logger = logging.getLogger(__name__)

_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
_PROBES = frozenset(
    f"tempmail_site.{name}" for name in ("health.livez", "health.healthz", "metrics.metrics")
)
_ABORTED = 499  # nginx's number for a client that went away before the answer


class Entry:
    """The line of one request, written once: at its answer, or at the end of its stream."""

    def __init__(self, request: HttpRequest) -> None:
        # Ours alone: a client's X-Request-ID would be a place to write into the log.
        self.id = secrets.token_hex(8)
        self._request = request
        self._started = time.perf_counter()
        self._status = _ABORTED
        self._first_byte = 0.0
        self._written = False

    def answered(self, response: HttpResponseBase) -> HttpResponseBase:
        """Name the request in its answer; write the line now, or when the stream is closed, however that happens."""
        response.headers["X-Request-ID"] = self.id
        self._status = response.status_code
        self._first_byte = time.perf_counter()
        if response.streaming:
            response._resource_closers.append(self.write)  # type: ignore[attr-defined]
        else:
            self.write()
        return response

    def write(self) -> None:
        """The route's name, never the path: that holds ids of mailboxes and messages."""
        if self._written:
            return
        self._written = True
        match = self._request.resolver_match
        route = match.view_name if match else "none"
        method = self._request.method
        took = (self._first_byte or time.perf_counter()) - self._started
        metrics.HTTP_SECONDS.observe(took, route=route, status=str(self._status))
        logger.log(
            self._level(route),
            "request",
            extra={
                "request_id": self.id,
                "method": method if method in _METHODS else "OTHER",
                "route": route,
                "status": self._status,
                "duration_ms": round((time.perf_counter() - self._started) * 1000, 1),
            },
        )

    def _level(self, route: str) -> int:
        if self._status >= 500:
            return logging.WARNING
        return logging.DEBUG if route in _PROBES else logging.INFO


@sync_and_async_middleware
def request_log(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """The outermost middleware. On both servers; static files are served before it and have no line."""
    if iscoroutinefunction(get_response):

        async def middleware(request: HttpRequest) -> HttpResponseBase:
            entry = Entry(request)
            before = request_id.set(entry.id)
            try:
                response = await get_response(request)
            except BaseException:  # cancelled: the client went away while it waited
                entry.write()
                raise
            if not response.streaming:  # a stream goes on in this task, and so in this context
                request_id.reset(before)
            return entry.answered(response)

        return middleware

    def sync_middleware(request: HttpRequest) -> HttpResponseBase:
        entry = Entry(request)
        before = request_id.set(entry.id)
        try:
            return entry.answered(get_response(request))
        finally:
            request_id.reset(before)

    return sync_middleware
