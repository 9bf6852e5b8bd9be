"""Waiting for mail without holding a thread."""

import asyncio

from mailboxes import live
from mailboxes.database_pool import in_database_pool
from mailboxes.rules.errors import UnknownToken
from mailboxes.services import reading
from mailboxes.services.reading import OpenMailbox

_POLL = 5.0  # seconds between looks while Redis is away


async def wait_for_newer(opened: OpenMailbox, after: int, seconds: float) -> bool:
    """Wait until mail newer than sequence `after` is there: True; False when the time is over.

    Raises UnknownToken when the mailbox ends meanwhile.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    ends = loop.time() + (opened.mailbox.ends_at - opened.now).total_seconds()
    hub = live.hub()
    async with hub.watch(opened.mailbox.public_id) as event:
        while True:
            event.clear()
            newer = await in_database_pool(reading.has_newer, opened.mailbox.pk, after)
            if newer is None:
                raise UnknownToken
            left = deadline - loop.time()
            if newer or left <= 0:
                return newer
            if loop.time() < ends < deadline:  # unless it is put off, the next look finds it ended
                left = ends - loop.time() + 0.05
            await _wake(event, left if hub.healthy else min(left, _POLL))


async def _wake(event: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return
