"""Time: what has ended and what has not is decided by the database's clock."""

import ctypes
import time
from collections.abc import Iterator

from mailboxes.services import clock, clock_guard
from tempmail_site.doctor import looking
from tempmail_site.doctor.findings import CannotLook, Finding, check, fault, ok, warning

_DRIFT, _FAR_DRIFT = 2.0, 60.0  # seconds
_TIME_ERROR = 5  # adjtimex(2): nobody keeps the clock right
_TIMEX_BYTES = 512  # more than struct timex has on any machine


@check(
    "clock.jump", "After a jump nothing is purged, so that no wrong clock ends what should live."
)
def jump() -> Iterator[Finding]:
    """As the purge would see it now; nothing is noted."""
    ahead = clock_guard.held_back_by()
    if ahead is None:
        yield ok("it has run evenly since the last purge")
    else:
        words = f"the clock is {looking.times(ahead.total_seconds())} ahead: nothing is purged"
        remedy = "Set the clock right. If it is right: manage.py purge --clock-is-right"
        yield fault(words, remedy)


@check("clock.drift", "Pages and tasks show and compare times of both clocks.")
def drift() -> Iterator[Finding]:
    """The database's clock against this machine's."""
    clock.now()  # the connection is made
    before = time.time()
    theirs = clock.now().timestamp()
    after = time.time()
    # what the way there and back took is no drift
    apart = max(before - theirs, theirs - after, 0.0)
    words = f"the database's clock and this machine's are {apart:.1f} s apart"
    remedy = "Let both machines follow NTP (systemd-timesyncd, chrony)."
    if apart > _FAR_DRIFT:
        yield fault(words, remedy)
    elif apart > _DRIFT:
        yield warning(words, remedy)
    else:
        yield ok(words)


@check("clock.synchronized", "A clock that nobody keeps right drifts by seconds a day, or jumps.")
def synchronized() -> Iterator[Finding]:
    """As the kernel was told by NTP."""
    try:
        adjtimex = ctypes.CDLL(None).adjtimex
    except (OSError, AttributeError):
        raise CannotLook("this system does not say") from None
    state = adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES))  # modes 0: it only asks
    if state < 0:
        raise CannotLook("this system does not say")
    if state == _TIME_ERROR:
        words = "the kernel's clock is not synchronized"
        yield warning(words, "timedatectl set-ntp true; in a container this is the host's.")
    else:
        yield ok("the kernel's clock follows NTP")
