"""WSGI: pages, admin, API.

Static files are served here, outside Django's middleware, which stays async-capable that way.
"""

import io
import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from wsgiref.headers import Headers

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from whitenoise import WhiteNoise

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse

Environ = dict[str, Any]

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tempmail_site.settings")


def _add_headers(headers: Headers, path: str, url: str) -> None:
    """What Django's middleware gives every other response."""
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'"
    headers["Referrer-Policy"] = settings.SECURE_REFERRER_POLICY
    headers["Cross-Origin-Resource-Policy"] = "same-origin"


def _with_length(environ: Environ, start_response: "StartResponse") -> Iterable[bytes]:
    """Read a body that came in chunks, whose length Django could not know: up to one byte more than it takes."""
    if environ.get("HTTP_TRANSFER_ENCODING", "").lower() == "chunked":
        body = environ["wsgi.input"].read(settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)
        environ |= {"CONTENT_LENGTH": str(len(body)), "wsgi.input": io.BytesIO(body)}
    return _django(environ, start_response)


_django = get_wsgi_application()
application = WhiteNoise(
    _with_length,
    root=settings.STATIC_ROOT,
    prefix=settings.STATIC_URL,
    immutable_file_test=r"^.+\.[0-9a-f]{12}\..+$",
    add_headers_function=_add_headers,
    allow_all_origins=False,
)
