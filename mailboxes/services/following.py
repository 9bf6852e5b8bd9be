"""Following a mailbox from the event loop: what is new in it and when it ends, at the cost of no thread.

Shared by the API's waits and by all event streams. Whoever follows asks the database when Redis says that something
happened, when the mailbox may have ended, and every few seconds while Redis is away.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from django.db.models.functions import Now

from mailboxes import live
from mailboxes.database_pool import in_database_pool, in_reading_pool
from mailboxes.models.mailboxes import Mailbox
from mailboxes.rules.errors import Frozen, MailboxEnded
from mailboxes.services.reading import OpenMailbox

T = TypeVar("T")
# Finds something among messages newer than the first sequence, up to the second; None: nothing.
Find = Callable[[int, int], T | None]

STEP = 5.0  # seconds; the database is asked that often while Redis is away
LATE = 0.05  # seconds after its end at which a mailbox is looked for


@dataclass(frozen=True, slots=True)
class Look:
    """What the database says: the sequence of the last message ever, when the mailbox ends, and the seconds left."""

    last_sequence: int
    ends_at: datetime
    seconds_left: float


@dataclass(frozen=True, slots=True)
class Found(Generic[T]):
    """What was found, or None, in all mail up to `position`; whoever goes on from there misses nothing."""

    result: T | None
    position: int


def look(mailbox_id: int) -> Look:
    """Ask the database, by one query. Raises MailboxEnded, Frozen."""
    rows = Mailbox.objects.live().filter(pk=mailbox_id).annotate(now=Now())
    row = rows.values_list("last_sequence", "ends_at", "now", "frozen_at").first()
    if row is None:
        raise MailboxEnded
    last_sequence, ends_at, now, frozen_at = row
    if frozen_at is not None:
        raise Frozen
    return Look(last_sequence, ends_at, (ends_at - now).total_seconds())


def find_now(opened: OpenMailbox, after: int, find: Find[T]) -> Found[T]:
    """Look once. Raises MailboxEnded, Frozen.

    The position is read first: what is committed between the two statements is newer than it, and not found.
    """
    position = look(opened.mailbox.pk).last_sequence
    return Found(find(after, position), position)


async def find_within(
    opened: OpenMailbox, after: int, seconds: float, find: Find[T], *, is_costly: bool
) -> Found[T]:
    """Wait until `find` finds something, at most so long. It is asked once about each message.

    Raises MailboxEnded and Frozen as soon as that is so.
    """
    in_pool = in_reading_pool if is_costly else in_database_pool
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    async with live.hub().watch(opened.mailbox.public_id) as news:
        while True:
            # Cleared before looking: what is committed after the look sets it again.
            news.clear()
            seen = await in_database_pool(look, opened.mailbox.pk)
            if seen.last_sequence > after:
                result = await in_pool(find, after, seen.last_sequence)
                if result is not None:
                    return Found(result, seen.last_sequence)
                after = seen.last_sequence
            left = deadline - loop.time()
            if left <= 0 or live.hub().closing:
                return Found(None, seen.last_sequence)
            # Each look says anew when the mailbox ends: it may have been extended, or ended, meanwhile.
            await pause(news, min(left, seen.seconds_left + LATE))


async def pause(news: asyncio.Event, seconds: float) -> bool:
    """Return when it is time to look again: on news, after so long, and every step while Redis is away.

    True if there is a reason to look other than the time.
    """
    loop = asyncio.get_running_loop()
    ends = loop.time() + seconds
    while (left := ends - loop.time()) > 0:
        # a hub that is not healthy any more wakes everybody
        step = left if live.hub().healthy else min(STEP, left)
        if await _woken(news, step) or not live.hub().healthy:
            return True
    return False


async def _woken(news: asyncio.Event, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):  # wait_for() would make a task of each wait
            return await news.wait()
    except TimeoutError:
        return False
