"""The event stream of an open inbox page (EventSource): ids only; what they are about is fetched with the cookie."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from asgiref.sync import sync_to_async
from django.core.handlers.wsgi import WSGIRequest
from django.db import DatabaseError, InterfaceError
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from mailboxes import live
from mailboxes.database_pool import in_database_pool
from mailboxes.models.mailboxes import Mailbox
from mailboxes.models.messages import Message
from mailboxes.rules.errors import Frozen, NotFound, RateLimited
from mailboxes.web import access, errors
from mailboxes.web.responses import make_private

T = TypeVar("T")

STEP = 5.0  # seconds; the database is asked that often while Redis is away
# An event, not a comment: a page cannot see comments, and so would not miss them.
KEEP_ALIVE = 15.0  # seconds
RECONNECT = 3000  # milliseconds
RECONNECT_WITHOUT_STREAM = 5000  # milliseconds
BATCH = 100
_CONTENT_TYPE = "text/event-stream; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Look:
    """What the database says: newer messages, oldest first; when the mailbox ends, and the seconds left."""

    news: list[tuple[uuid.UUID, int]]
    ends_at: datetime
    seconds_left: float


async def events(request: HttpRequest, public_id: str) -> HttpResponseBase:
    """Tell of new mail as it arrives. On a WSGI server, where a stream would hold a thread: answer what is new, end."""
    run = _on_this_thread if isinstance(request, WSGIRequest) else in_database_pool
    try:
        mailbox_id, after = await run(_open, request, public_id)
    except (Frozen, NotFound, RateLimited) as error:
        return await run(errors.answer, request, error)
    except (DatabaseError, InterfaceError):
        return await run(errors.unavailable, request)
    response: HttpResponseBase
    if isinstance(request, WSGIRequest):
        batch = await run(_once, mailbox_id, after)
        response = HttpResponse(batch, content_type=_CONTENT_TYPE)
    else:
        stream = _stream(public_id, mailbox_id, after)
        response = StreamingHttpResponse(stream, content_type=_CONTENT_TYPE)
    response["X-Accel-Buffering"] = "no"
    return make_private(response)


async def _on_this_thread(function: Callable[..., T], *args: object) -> T:
    return await sync_to_async(function)(*args)


def _open(request: HttpRequest, public_id: str) -> tuple[int, int]:
    """Return the mailbox's key and the sequence to go on from: the last event, else what the page says it shows."""
    opened = access.open_mailbox(request, public_id)
    if request.method not in ("GET", "HEAD"):
        raise NotFound
    texts = (request.headers.get("Last-Event-ID", ""), request.GET.get("after", ""))
    for text in texts:
        if text.isascii() and text.isdigit() and len(text) <= 18:
            return opened.mailbox.pk, int(text)
    return opened.mailbox.pk, opened.mailbox.last_sequence


def _look(mailbox_id: int, after: int) -> Look | None:
    """Ask the database; None when the mailbox is no more. One query while nothing is new, two otherwise.

    Raises Frozen.
    """
    rows = Mailbox.objects.live().filter(pk=mailbox_id).annotate(now=Now())
    row = rows.values_list("last_sequence", "ends_at", "now", "frozen_at").first()
    if row is None:
        return None
    last_sequence, ends_at, now, frozen_at = row
    if frozen_at is not None:
        raise Frozen
    left = (ends_at - now).total_seconds()
    if last_sequence <= after:
        return Look([], ends_at, left)
    newer = Message.objects.filter(mailbox_id=mailbox_id, sequence__gt=after)
    news = list(newer.order_by("sequence").values_list("id", "sequence")[:BATCH])
    return Look(news, ends_at, left)


def _once(mailbox_id: int, after: int) -> str:
    try:
        look = _look(mailbox_id, after)
    except Frozen:
        told = _frozen()
    else:
        told = _ended() if look is None else "".join(_message(*new) for new in look.news)
    return f"retry: {RECONNECT_WITHOUT_STREAM}\n\n" + told


async def _stream(public_id: str, mailbox_id: int, after: int) -> AsyncIterator[str]:
    async with live.hub().watch(public_id) as news:
        yield f"retry: {RECONNECT}\n\n"
        ends_at = None
        while True:
            # Cleared before looking: what is committed after the look sets it again.
            news.clear()
            try:
                look = await in_database_pool(_look, mailbox_id, after)
            except (DatabaseError, InterfaceError):
                return  # the browser comes again by itself, with the id of the last event
            except Frozen:
                yield _frozen()
                return
            if look is None:
                yield _ended()
                return
            if look.ends_at != ends_at:
                ends_at = look.ends_at
                yield _ends(ends_at)
            for message_id, sequence in look.news:
                yield _message(message_id, sequence)
                after = sequence
            if len(look.news) == BATCH:
                continue
            async for comment in _pause(news, look.seconds_left):
                yield comment


async def _pause(news: asyncio.Event, seconds_left: float) -> AsyncIterator[str]:
    """Return when it is time to look again: on news, at the mailbox's end, and every step while Redis is away."""
    loop = asyncio.get_running_loop()
    ends, keep_alive = loop.time() + seconds_left, loop.time() + KEEP_ALIVE
    while loop.time() < ends:
        wait = _woken(news, min(STEP, ends - loop.time() + 0.05))
        if await wait or not live.hub().healthy:
            return
        if loop.time() >= keep_alive:
            keep_alive = loop.time() + KEEP_ALIVE
            yield "event: alive\ndata: {}\n\n"


async def _woken(event: asyncio.Event, timeout: float) -> bool:
    waiting: Awaitable[bool] = event.wait()
    try:
        return await asyncio.wait_for(waiting, timeout)
    except TimeoutError:
        return False


def _message(message_id: uuid.UUID, sequence: int) -> str:
    data = json.dumps({"id": message_id.hex, "sequence": sequence}, separators=(",", ":"))
    return f"id: {sequence}\nevent: message\ndata: {data}\n\n"


def _ends(ends_at: datetime) -> str:
    """When the mailbox ends, as it moves: told, because fetching it would count as use."""
    return f"event: ends\ndata: {json.dumps({'at': ends_at.isoformat()})}\n\n"


def _ended() -> str:
    return "event: ended\ndata: {}\n\n"


def _frozen() -> str:
    return "event: frozen\ndata: {}\n\n"
