"""What the service did of late: whether the purge keeps up, and what its trials of itself saw."""

from collections.abc import Iterator

from mailboxes.models.mailboxes import Mailbox
from mailboxes.models.records import CanaryRun
from mailboxes.services import clock, status
from tempmail_site.doctor import looking
from tempmail_site.doctor.findings import CannotLook, Finding, check, fault, ok, warning

_LATE, _TOO_LATE = 180.0, 600.0  # seconds; it runs each minute


@check("purge.lag", "What has ended is unreadable at once, but lies on the disk until the purge.")
def lag() -> Iterator[Finding]:
    """How long the oldest is over."""
    ended = Mailbox.objects.ended(clock.now())
    oldest = ended.order_by("ends_at").values_list("ends_at", flat=True).first()
    seconds = (clock.now() - oldest).total_seconds() if oldest else 0.0
    words = f"a mailbox that ended {looking.times(seconds)} ago is still there"
    if seconds > _TOO_LATE:
        yield fault(words, "See tasks.beat and clock.jump; by hand: manage.py purge")
    elif seconds > _LATE:
        yield warning(words, "See tasks.beat; by hand: manage.py purge")
    else:
        yield ok("it keeps up")


@check(
    "canary.last",
    "A mailbox, a mail, a look, a purge: what a visitor does, tried by the service itself.",
)
def canary() -> Iterator[Finding]:
    """The newest trial that says something."""
    day = status.last_day()
    if not day.interval:
        raise CannotLook("CANARY_INTERVAL=0: the service does not try itself")
    last = day.last
    if last is None:
        words = "no trial of the last day has said anything"
        yield warning(words, "After a start wait a few minutes; else see tasks.results.")
        return
    age = (day.now - last.started_at).total_seconds()
    if last.state == CanaryRun.State.FAILED:
        words = (
            f"the last trial failed {looking.times(age)} ago: {CanaryRun.Reason(last.reason).label}"
        )
        yield fault(words, "The other faults here say why; /status shows when it began.")
    elif age > 3 * day.interval + 60:
        words = f"the last trial was {looking.times(age)} ago"
        yield warning(words, "See tasks.results: canary.")
    else:
        yield ok(
            f"delivered in {last.delivery_ms} ms, {looking.times(age)} ago; {day.failed} failed today"
        )
