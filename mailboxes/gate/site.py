"""The site as its visitors see it: its address, and whether it is on https."""

from django.conf import settings


def url(path: str) -> str:
    """Return the absolute URL of a path that begins with a slash."""
    return f"{settings.SITE_URL}{path}"


def is_secure() -> bool:
    """Tell whether the site is on https: then cookies are Secure and bound to the host."""
    return bool(settings.SECURE)
