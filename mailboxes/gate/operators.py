"""Who may operate: an account of the staff, with its second factor where it has one or must, for a working day."""

import time

from django.conf import settings
from django.http import HttpRequest

from mailboxes.services import second_factor

LONGEST_SESSION = 12 * 3600  # seconds from signing in, however busy
_REFRESHED = 300  # seconds: how exactly the end of an idle session is known
_SINCE, _SEEN = "signed_in_at", "seen_at"


def needs_second_factor() -> bool:
    """Tell whether every operator must have one."""
    return bool(settings.ADMIN_REQUIRES_TOTP)


def begin(request: HttpRequest) -> None:
    """Note in a new session when it began."""
    request.session[_SINCE] = request.session[_SEEN] = int(time.time())


def keep(request: HttpRequest) -> None:
    """Put off the end of the session that is in use; one that has lasted its day is ended instead."""
    now = time.time()
    if _SINCE in request.session and now - request.session[_SINCE] > LONGEST_SESSION:
        request.session.flush()
    elif now - request.session.get(_SEEN, now) > _REFRESHED:
        request.session[_SEEN] = int(now)


def is_known(request: HttpRequest) -> bool:
    """Tell whether somebody of the staff has given name and password in this session, whatever else is missing."""
    user = request.user
    is_current = time.time() - request.session.get(_SINCE, 0) <= LONGEST_SESSION
    return bool(user.is_active and user.is_staff and is_current)


def is_admitted(request: HttpRequest) -> bool:
    """Tell whether this session may operate: known, and verified by a second factor where there is one or must be."""
    if not is_known(request):
        return False
    return is_verified(request) or not (needs_second_factor() or has_second_factor(request))


def is_verified(request: HttpRequest) -> bool:
    """Tell whether this session was begun with a second factor."""
    return bool(request.user.is_verified())  # type: ignore[union-attr]


def has_second_factor(request: HttpRequest) -> bool:
    """Tell whether the account has one."""
    return second_factor.is_set_up(request.user)
