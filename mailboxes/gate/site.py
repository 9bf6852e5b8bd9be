"""The site as its visitors see it: its address, and whether it is on https."""

from django.conf import settings


def url(path: str) -> str:
    """Return the absolute URL of a path that begins with a slash."""
    return f"{settings.SITE_URL}{path}"


def csrf_cookie() -> tuple[str, int]:
    """Return the name of the cookie that protects forms, and its age in seconds."""
    return settings.CSRF_COOKIE_NAME, int(settings.CSRF_COOKIE_AGE)


def admin_cookie() -> tuple[str, int]:
    """Return the name of the cookie of an operator's session, and its age in seconds."""
    return settings.SESSION_COOKIE_NAME, int(settings.SESSION_COOKIE_AGE)


def is_secure() -> bool:
    """Tell whether the site is on https: then cookies are Secure and bound to the host."""
    return bool(settings.SECURE)
