"""The event stream of an open inbox page (EventSource): ids only; what they are about is fetched with the cookie."""

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from asgiref.sync import sync_to_async
from django.core.handlers.wsgi import WSGIRequest
from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from mailboxes.database_pool import in_database_pool
from mailboxes.models.mailboxes import Mailbox
from mailboxes.rules.errors import Frozen, NotFound, RateLimited
from mailboxes.services import event_stream
from mailboxes.services.event_stream import Event
from mailboxes.web import access, errors
from mailboxes.web.responses import make_private

T = TypeVar("T")


async def events(request: HttpRequest, public_id: str) -> HttpResponseBase:
    """Tell of new mail as it arrives. On a WSGI server, where a stream would hold a thread: answer what is new, end."""
    run = _on_this_thread if isinstance(request, WSGIRequest) else in_database_pool
    try:
        mailbox, after = await run(_open, request, public_id)
        response = await _response(request, mailbox, after)
    except (Frozen, NotFound, RateLimited) as error:
        return await run(errors.answer, request, error)
    except (DatabaseError, InterfaceError):
        return await run(errors.unavailable, request)
    response["X-Accel-Buffering"] = "no"
    return make_private(response)


async def _response(request: HttpRequest, mailbox: Mailbox, after: int) -> HttpResponseBase:
    news = partial(_news, mailbox)
    if isinstance(request, WSGIRequest):
        told = await _on_this_thread(event_stream.once, mailbox, after, news)
        return HttpResponse(told, content_type=event_stream.CONTENT_TYPE)
    stream = event_stream.stream(mailbox, after, news)
    return StreamingHttpResponse(stream, content_type=event_stream.CONTENT_TYPE)


async def _on_this_thread(function: Callable[..., T], *args: object) -> T:
    return await sync_to_async(function)(*args)


def _open(request: HttpRequest, public_id: str) -> tuple[Mailbox, int]:
    """Return the mailbox and the sequence to go on from: the last event, else what the page says it shows."""
    mailbox = access.open_mailbox(request, public_id).mailbox
    if request.method not in ("GET", "HEAD"):
        raise NotFound
    for text in (request.headers.get("Last-Event-ID", ""), request.GET.get("after", "")):
        if (after := event_stream.position(text)) is not None:
            return mailbox, after
    return mailbox, mailbox.last_sequence


def _news(mailbox: Mailbox, after: int) -> list[Event]:
    rows = mailbox.messages.filter(sequence__gt=after).order_by("sequence")
    return [
        Event("message", {"id": message_id.hex, "sequence": sequence}, sequence)
        for message_id, sequence in rows.values_list("id", "sequence")[: event_stream.BATCH]
    ]
