"""Looking for mail, or waiting for it without holding a thread: at most two waits of a token at once."""

from typing import TypeVar

from mailboxes.database_pool import in_database_pool, in_reading_pool
from mailboxes.gate import places
from mailboxes.services import following
from mailboxes.services.following import Find, Found
from mailboxes.services.reading import OpenMailbox

T = TypeVar("T")


async def find(
    opened: OpenMailbox, after: int, wait: int, find: Find[T], *, is_costly: bool
) -> Found[T]:
    """Return what `find` finds, now or within `wait` seconds. Raises RateLimited, MailboxEnded, Frozen.

    `is_costly`: it unseals a whole mailbox, or parses a message.
    """
    if not wait:
        in_pool = in_reading_pool if is_costly else in_database_pool
        return await in_pool(following.find_now, opened, after, find)
    place = places.Place(places.WAITS, opened.mailbox.public_id, places.LONGEST)
    try:
        await in_database_pool(place.take)
        return await following.find_within(opened, after, wait, find, is_costly=is_costly)
    finally:  # also when the client goes away, which cancels us here
        await in_database_pool(place.give_back)
