"""The event stream of a mailbox: mail as it arrives, as the list would show it, and when the mailbox ends."""

import asyncio
from collections.abc import AsyncIterator
from functools import partial

from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from ninja import HeaderEx, P, Router

from mailboxes.api import cursors, presenting
from mailboxes.api.authentication import AsyncMailboxBearer, own_mailbox
from mailboxes.api.problems import documented
from mailboxes.api.schemas.mailbox import After, EmailItem
from mailboxes.database_pool import in_database_pool
from mailboxes.gate import places
from mailboxes.gate.places import Place
from mailboxes.rules.errors import RateLimited
from mailboxes.services import event_stream, reading
from mailboxes.services.event_stream import Event, News
from mailboxes.services.reading import OpenMailbox

router = Router()

_RENEW = places.LONGEST_UNRENEWED / 3  # seconds


@router.get(
    "events/{address}",
    auth=AsyncMailboxBearer(),
    response={200: str, **documented(403, 404, 422, 503)},
)
async def events(
    request: HttpRequest,
    address: str,
    after: After | None = None,
    last_event_id: HeaderEx[str | None, P(alias="Last-Event-ID")] = None,
) -> HttpResponseBase:
    """Tell of new mail as it arrives: what came after the last event, or after `after`, else what comes from now on.

    On a WSGI server, where a stream would hold a thread: answer what is new, and end; the client comes again.
    """
    opened = own_mailbox(request, address)
    start = await in_database_pool(_start, opened, last_event_id, after)
    news = partial(_news, opened)
    response: HttpResponseBase
    if isinstance(request, WSGIRequest):
        told = await in_database_pool(event_stream.once, opened.mailbox, start, news)
        response = HttpResponse(told, content_type=event_stream.CONTENT_TYPE)
    else:
        response = await _streaming(opened, start, news)
    response["Cache-Control"] = "no-store"
    response["X-Accel-Buffering"] = "no"
    return response


async def _streaming(opened: OpenMailbox, start: int, news: News) -> StreamingHttpResponse:
    place = Place(places.STREAMS, opened.mailbox.public_id, places.LONGEST_UNRENEWED)
    try:
        await in_database_pool(place.take)
    except BaseException:  # refused, or the client is gone already
        await in_database_pool(place.give_back)
        raise
    stream = _renewing(place, event_stream.stream(opened.mailbox, start, news))
    response = StreamingHttpResponse(stream, content_type=event_stream.CONTENT_TYPE)
    # Closed even when the client goes away before the stream begins, which would never run its own end.
    response._resource_closers.append(place.give_back)  # type: ignore[attr-defined]
    return response


async def _renewing(place: Place, stream: AsyncIterator[str]) -> AsyncIterator[str]:
    """Pass the stream on; it says something often enough to renew the place in between."""
    loop = asyncio.get_running_loop()
    renew_at = loop.time() + _RENEW
    async for text in stream:
        yield text
        if loop.time() >= renew_at:
            renew_at = loop.time() + _RENEW
            try:
                await in_database_pool(place.take)
            except RateLimited:  # others took it while Redis had forgotten; who is in stays in
                continue


def _start(opened: OpenMailbox, last_event_id: str | None, after: str | None) -> int:
    told = event_stream.position(last_event_id or "")
    if told is not None:
        return told
    return opened.mailbox.last_sequence if after is None else cursors.sequence_after(opened, after)


def _news(opened: OpenMailbox, after: int) -> list[Event]:
    rows = opened.mailbox.messages.filter(sequence__gt=after).order_by("sequence")
    lines = reading.items_of(opened, rows[: event_stream.BATCH])
    return [Event("message", _data(presenting.item(line)), line.sequence) for line in lines]


def _data(item: dict[str, object]) -> dict[str, object]:
    return EmailItem.model_validate(item).model_dump(by_alias=True)
