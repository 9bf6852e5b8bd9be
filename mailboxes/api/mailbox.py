"""A mailbox as a list of its messages: listing, waiting, its newest message, emptying."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import HeaderEx, P, Query, Router
from ninja.decorators import decorate_view

from mailboxes.api import cursors, presenting, waiting
from mailboxes.api.authentication import AsyncMailboxBearer, MailboxBearer, own_mailbox
from mailboxes.api.conditional import conditional
from mailboxes.api.problems import documented
from mailboxes.api.schemas.mailbox import EmailList, Filters, LatestQuery, ListQuery
from mailboxes.api.schemas.message import EmailOut
from mailboxes.api.schemas.receipts import DeleteOut
from mailboxes.database_pool import in_database_pool
from mailboxes.rules.errors import NotFound
from mailboxes.services import ending, reading, receipts, searching
from mailboxes.services.reading import OpenMailbox, Page
from mailboxes.services.searching import Criteria

router = Router()
_PROBLEMS = documented(403, 404, 410, 422, 503)


@router.get(
    "emails/{address}",
    auth=AsyncMailboxBearer(),
    response={200: EmailList, **_PROBLEMS},
    by_alias=True,
)
@decorate_view(conditional)
async def list_emails(
    request: HttpRequest,
    response: HttpResponse,
    address: str,
    query: Query[ListQuery],
    if_none_match: HeaderEx[str | None, P(alias="If-None-Match")] = None,
) -> dict[str, Any]:
    """List a mailbox, newest first; with `wait`, as soon as a match newer than `after` is there."""
    opened = own_mailbox(request, address)
    before = None if query.cursor is None else cursors.decode(query.cursor)
    after = await in_database_pool(cursors.sequence_after, opened, query.after)
    wait = query.wait if before is None else 0

    criteria = _criteria(query)

    def find(after: int, upto: int) -> Page | None:
        upto = upto if before is None else min(upto, before - 1)
        return _page(opened, criteria, query.limit, after, upto)

    found = await waiting.find(opened, after, wait, find, is_costly=bool(criteria))
    counts = await in_database_pool(reading.counts, opened)
    response["Cache-Control"] = "no-store"
    timed_out = wait > 0 and found.result is None
    page = found.result or Page([], None)
    return presenting.email_list(page, counts, found.position, timed_out)


@router.get(
    "emails/{address}/latest",
    auth=AsyncMailboxBearer(),
    response={200: EmailOut, **_PROBLEMS},
    by_alias=True,
)
async def read_latest(
    request: HttpRequest, response: HttpResponse, address: str, query: Query[LatestQuery]
) -> dict[str, Any]:
    """Return the newest matching message in full; with `wait`, as soon as there is one newer than `after`."""
    opened = own_mailbox(request, address)
    after = await in_database_pool(cursors.sequence_after, opened, query.after)

    def find(after: int, upto: int) -> dict[str, Any] | None:
        return _latest(opened, query, after, upto)

    found = await waiting.find(opened, after, query.wait, find, is_costly=True)
    response["Cache-Control"] = "no-store"
    if found.result is None:
        raise NotFound
    return found.result


@router.delete(
    "emails/{address}",
    auth=MailboxBearer(),
    response={200: DeleteOut, **documented(403, 404, 422, 503)},
)
def delete_emails(
    request: HttpRequest, response: HttpResponse, address: str, close: bool = False
) -> dict[str, Any]:
    """Delete all messages of a mailbox; the address lives on. With `close` it ends too, and its token is unknown."""
    opened = own_mailbox(request, address)
    response["Cache-Control"] = "no-store"
    if close:
        action, deleted = receipts.MAILBOX_ENDED, ending.end(opened.mailbox)
    else:
        action, deleted = receipts.MAIL_DELETED, ending.delete_messages(opened.mailbox)
    receipt = receipts.deletion(opened.address, action, deleted)
    return {"deleted": deleted.messages, "receipt": receipt}


def _criteria(query: Filters) -> Criteria:
    return Criteria(
        sender=query.sender,
        subject=query.subject,
        unread=query.unread,
        attachment="attachment" in query.has,
        code="code" in query.has,
        since=query.since,
    )


def _page(
    opened: OpenMailbox, criteria: Criteria, limit: int, after: int, upto: int
) -> Page | None:
    page = searching.page(opened, criteria, limit=limit, before=upto + 1, after=after)
    return page if page.items else None


def _latest(
    opened: OpenMailbox, query: LatestQuery, after: int, upto: int
) -> dict[str, Any] | None:
    """Return the newest that can be read: one that is deleted between two statements leads to the one before it."""
    while page := _page(opened, _criteria(query), 1, after, upto):
        (line,) = page.items
        try:
            found = reading.message(opened, line.id, mark_seen=query.mark_seen)
        except NotFound:
            upto = line.sequence - 1
        else:
            return presenting.email(found, seen=query.mark_seen or line.seen)
    return None
