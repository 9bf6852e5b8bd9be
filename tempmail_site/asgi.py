"""ASGI: streams and waits run on the event loop, everything else in a small pool of threads through WSGI.

One process is then right for any URL (make run); behind nginx the two kinds go to processes of their own.
"""

import os
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import django
from a2wsgi import WSGIMiddleware
from django.core.handlers.asgi import ASGIHandler

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tempmail_site.settings")

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

PAGE_THREADS = 10


class LiveHandler(ASGIHandler):
    """Django's, but for the thread that it gives each request to run signal handlers in and keeps to its end.

    That was a thread for everybody who waits. All share one instead, which what waits hardly uses.
    """

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one request."""
        await self.handle(scope, receive, send)


django.setup(set_prefix=False)
live_application = LiveHandler()
from tempmail_site.wsgi import application as wsgi_application  # noqa: E402

page_application = WSGIMiddleware(wsgi_application, workers=PAGE_THREADS)


def is_live(method: str, path: str) -> bool:
    """Tell whether a request may wait for mail: an event stream, or the API's lists with their `wait`.

    Those without `wait` are not told apart: to read the query is for the view, and a wait must never hold a thread.
    """
    if method != "GET":
        return False
    if path.startswith("/m/"):
        return path.endswith("/events")
    return path.startswith(("/api/emails/", "/api/events/"))


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Serve one request; refuse what is not HTTP."""
    if scope["type"] != "http":
        raise ValueError("only HTTP is served here")
    chosen: Any = live_application if is_live(scope["method"], scope["path"]) else page_application
    await chosen(scope, receive, send)
