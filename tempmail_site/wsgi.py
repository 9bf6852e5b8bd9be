"""WSGI: pages, admin, API.

Static files are served here, outside Django's middleware, which stays async-capable that way.
"""

import os
from wsgiref.headers import Headers

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from whitenoise import WhiteNoise

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tempmail_site.settings")


def _add_headers(headers: Headers, path: str, url: str) -> None:
    """What Django's middleware gives every other response."""
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'"
    headers["Referrer-Policy"] = settings.SECURE_REFERRER_POLICY
    headers["Cross-Origin-Resource-Policy"] = "same-origin"


application = WhiteNoise(
    get_wsgi_application(),
    root=settings.STATIC_ROOT,
    prefix=settings.STATIC_URL,
    immutable_file_test=r"^.+\.[0-9a-f]{12}\..+$",
    add_headers_function=_add_headers,
    allow_all_origins=False,
)
