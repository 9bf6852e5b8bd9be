"""Is the service well? Asked by supervisors, load balancers and `make run`."""

import logging
from collections.abc import Callable

from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from redis.exceptions import RedisError

from delivery import protocol
from mailboxes import redis_clients

logger = logging.getLogger(__name__)
_TIMEOUT = 2.0  # seconds


@never_cache
@require_safe
def livez(request: HttpRequest) -> HttpResponse:
    """The process answers. Touches nothing."""
    return HttpResponse("ok\n", content_type="text/plain")


@never_cache
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """Mail can be taken in and read (200), also without Redis (200, degraded), or not (503).

    A host that takes no mail in (SMTP=elsewhere) is asked about reading only.
    """
    asked = _CHECKS.keys() - ({"delivery"} if settings.SMTP == "elsewhere" else set())
    checks = {name: check() for name, check in _CHECKS.items() if name in asked}
    well = {name: result == "ok" for name, result in checks.items()}
    if not (well["database"] and well.get("delivery", True)):
        return JsonResponse({"status": "unavailable", "checks": checks}, status=503)
    return JsonResponse({"status": "ok" if well["redis"] else "degraded", "checks": checks})


def _database() -> str:
    try:
        connection.close_if_unusable_or_obsolete()
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM mailboxes_domain")
    except DatabaseError:
        return "unavailable"
    return "ok"


def _redis() -> str:
    try:
        redis_clients.client(_TIMEOUT).ping()
    except (RedisError, OSError):
        return "unavailable"
    return "ok"


def _delivery() -> str:
    return "ok" if protocol.ping(str(settings.DELIVERY_SOCKET), _TIMEOUT) else "unavailable"


_CHECKS: dict[str, Callable[[], str]] = {
    "database": _database,
    "redis": _redis,
    "delivery": _delivery,
}
