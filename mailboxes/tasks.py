"""What Celery beat runs. Each task is named, idempotent, bounded in time, never two at once, and calls a service."""

import functools
from collections.abc import Callable

from celery import shared_task

from mailboxes.services import (
    canary,
    clock_guard,
    domain_doctor,
    exclusive,
    log_rotation,
    purging,
    retention,
    samples,
    space,
    webhook_sending,
)

_GRACE = 5  # seconds from the soft to the hard limit, and from there to the end of the lock


def task(name: str, seconds: int = 50) -> Callable[[Callable[[], int]], Callable[[], int]]:
    """Make a task of this name, which is stopped after so many seconds, and then killed.

    The lock outlives it, so that two never overlap, and is given up soon after a kill. What a run leaves undone, and
    what a wrong clock keeps it from doing, is for the next one.
    """

    def register(function: Callable[[], int]) -> Callable[[], int]:
        @functools.wraps(function)
        def run() -> int:
            with exclusive.hold(name, seconds + 2 * _GRACE) as held:
                try:
                    return function() if held else 0
                except clock_guard.ClockJumped:  # it has told the log
                    return 0

        limits = {"soft_time_limit": seconds, "time_limit": seconds + _GRACE}
        registered: Callable[[], int] = shared_task(name=f"mailboxes.{name}", **limits)(run)
        return registered

    return register


@task("purge_ended_mailboxes")
def purge_ended_mailboxes() -> int:
    """Remove mailboxes whose time is over; return how many."""
    return purging.purge_ended_mailboxes().mailboxes


@task("purge_records")
def purge_records() -> int:
    """Remove records past their retention; return how many."""
    return retention.purge_records()


@task("give_space_back")
def give_space_back() -> int:
    """Give back to the disk what purges have freed; return how many pages."""
    return space.give_back()


@task("rotate_logs")
def rotate_logs() -> int:
    """Turn the service's own logs over; return how many old ones were deleted."""
    return log_rotation.rotate()


@task("take_sample", 20)
def take_sample() -> int:
    """Keep the numbers of this minute for the admin's charts; return how many minutes there are."""
    return samples.take()


@task("canary", 20)
def run_canary() -> int:
    """Have the service try itself; return how many trials failed."""
    return canary.run()


@task("check_domains")
def check_domains() -> int:
    """Visit the domains whose time has come; return how many."""
    return domain_doctor.check_due()


# It takes its lock by itself, and only where there is something to send: it is called for every mail that is told of.
@shared_task(name="mailboxes.send_webhooks", soft_time_limit=50, time_limit=55)
def send_webhooks() -> int:
    """Tell webhooks of new mail; return how many were told."""
    return webhook_sending.run()
