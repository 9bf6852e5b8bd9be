"""ASGI: streams and waits run on the event loop, everything else in a small pool of threads through WSGI.

One process is then right for any URL (make run); behind nginx the two kinds go to processes of their own.
"""

import os
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from a2wsgi import WSGIMiddleware
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tempmail_site.settings")

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

PAGE_THREADS = 10

live_application = get_asgi_application()
from tempmail_site.wsgi import application as wsgi_application  # noqa: E402

page_application = WSGIMiddleware(wsgi_application, workers=PAGE_THREADS)


def is_live(method: str, path: str) -> bool:
    """Tell whether a request may wait for mail: an event stream, or the API's list with its `wait`."""
    if method != "GET":
        return False
    return path.startswith("/api/emails/") or (path.startswith("/m/") and path.endswith("/events"))


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Serve one request; refuse what is not HTTP."""
    if scope["type"] != "http":
        raise ValueError("only HTTP is served here")
    chosen: Any = live_application if is_live(scope["method"], scope["path"]) else page_application
    await chosen(scope, receive, send)
