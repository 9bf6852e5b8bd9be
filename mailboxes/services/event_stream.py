"""The events of a mailbox, as they happen: for the inbox page and for the API, which say other things of a message."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import DatabaseError, InterfaceError

from mailboxes import live
from mailboxes.database_pool import in_database_pool
from mailboxes.models.mailboxes import Mailbox
from mailboxes.rules.errors import Frozen, MailboxEnded
from mailboxes.services import following, metrics

CONTENT_TYPE = "text/event-stream; charset=utf-8"
BATCH = 100
# An event, not a comment: a page cannot see comments, and so would not miss them.
KEEP_ALIVE = 25.0  # seconds; proxies cut what says nothing for 30 or 60
_RECONNECT = 3000  # milliseconds
_RECONNECT_WITHOUT_STREAM = 5000  # milliseconds


@dataclass(frozen=True, slots=True)
class Event:
    """One server-sent event (WHATWG HTML 9.2.6). `id` is the sequence of a message, and what to go on from."""

    name: str
    data: dict[str, Any] = field(default_factory=dict)
    id: int | None = None

    def encode(self) -> str:
        """As text. JSON has no line breaks of its own, so that its data are one line."""
        lines = [] if self.id is None else [f"id: {self.id}"]
        data = json.dumps(self.data, separators=(",", ":"), cls=DjangoJSONEncoder)
        return "\n".join([*lines, f"event: {self.name}", f"data: {data}", "", ""])


ALIVE, ENDED, FROZEN = Event("alive"), Event("ended"), Event("frozen")
# Returns up to BATCH messages newer than a sequence, oldest first.
News = Callable[[int], list[Event]]


def position(text: str) -> int | None:
    """Return the sequence that a Last-Event-ID names; None when it is not one of ours."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None


def once(mailbox: Mailbox, after: int, news: News) -> str:
    """Return what is new as a stream that ends, for servers where one that stays would hold a thread."""
    try:
        seen = following.look(mailbox.pk)
    except MailboxEnded:
        told = [ENDED]
    except Frozen:
        told = [FROZEN]
    else:
        told = news(after) if seen.last_sequence > after else []
    return _retry(_RECONNECT_WITHOUT_STREAM) + "".join(event.encode() for event in told)


async def stream(mailbox: Mailbox, after: int, news: News) -> AsyncIterator[str]:
    """Yield events until the mailbox ends or is frozen, or the database is away: then the client comes again."""
    yield _retry(_RECONNECT)
    metrics.EVENT_STREAMS.add(1)
    try:
        async for event in _events(mailbox, after, news):
            yield event.encode()
    except MailboxEnded:
        yield ENDED.encode()
    except Frozen:
        yield FROZEN.encode()
    except (DatabaseError, InterfaceError):
        return
    finally:
        metrics.EVENT_STREAMS.add(-1)


async def _events(mailbox: Mailbox, after: int, news: News) -> AsyncIterator[Event]:
    ends_at = None
    async with live.hub().watch(mailbox.public_id) as woken:
        while not live.hub().closing:
            # Cleared before looking: what is committed after the look sets it again.
            woken.clear()
            seen = await in_database_pool(following.look, mailbox.pk)
            if seen.ends_at != ends_at:  # told, because fetching it would count as use
                ends_at = seen.ends_at
                yield Event("ends", {"at": ends_at})
            batch = await in_database_pool(news, after) if seen.last_sequence > after else []
            for event in batch:
                yield event
                after = event.id or after
            if len(batch) < BATCH:
                after = max(after, seen.last_sequence)
                async for event in _pause(woken, seen.seconds_left):
                    yield event


async def _pause(woken: asyncio.Event, seconds_left: float) -> AsyncIterator[Event]:
    """Return when it is time to look again; say now and then that the stream is alive."""
    loop = asyncio.get_running_loop()
    ends = loop.time() + seconds_left + following.LATE
    while (left := ends - loop.time()) > 0:
        if await following.pause(woken, min(KEEP_ALIVE, left)):
            return
        if loop.time() < ends:
            yield ALIVE


def _retry(milliseconds: int) -> str:
    return f"retry: {milliseconds}\n\n"
