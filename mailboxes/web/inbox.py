"""The inbox page and the fragment of it that the live update fetches."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from mailboxes.services import reading, recipients
from mailboxes.services.reading import Item, OpenMailbox
from mailboxes.web import times
from mailboxes.web.access import mailbox_view
from mailboxes.web.forms import lifetime_choices

PAGE_SIZE = 30
REFRESH = 20  # seconds, for browsers without JavaScript
_LONGEST_SEQUENCE = 18  # digits: fits the database's 64 bits


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the list."""

    item: Item
    sender: str
    subject: str
    age: str


@mailbox_view
@require_safe
def inbox(request: HttpRequest, opened: OpenMailbox) -> HttpResponse:
    """Show the address and its mail, newest first."""
    context = _list_context(request, opened) | {
        "time_left": times.left(opened.mailbox.expires_at, opened.now),
        "extension": _next_extension(opened),
        "done": _done(request.GET.get("done", "")),
        "refresh": REFRESH,
    }
    return render(request, "mailboxes/inbox.html", context)


@mailbox_view
@require_safe
def fragment(request: HttpRequest, opened: OpenMailbox) -> HttpResponse:
    """Show the list only."""
    return render(request, "mailboxes/_list.html", _list_context(request, opened))


def address_parts(opened: OpenMailbox) -> dict[str, str]:
    """Return local-part and "@domain" apart, so that a narrow page breaks between them."""
    local_part, _at, domain = opened.address.rpartition("@")
    return {"local_part": local_part, "at_domain": f"@{domain}"}


def _list_context(request: HttpRequest, opened: OpenMailbox) -> dict[str, Any]:
    before = _sequence(request.GET.get("before", ""))
    page = reading.page(opened, limit=PAGE_SIZE, before=before)
    return {
        **address_parts(opened),
        "mailbox": opened.mailbox,
        "rows": [_row(opened, item) for item in page.items],
        "before": before,
        "next_before": page.next_before,
        "newest": opened.mailbox.last_sequence,
        "unread": reading.unread_count(opened),
        "full": recipients.is_full(opened.mailbox),
    }


def _row(opened: OpenMailbox, item: Item) -> Row:
    summary = item.summary
    return Row(
        item,
        sender=summary.sender_name or summary.sender_address or _("Unknown sender"),
        subject=summary.subject or _("(no subject)"),
        age=times.age(item.received_at, opened.now),
    )


def _sequence(text: str) -> int | None:
    return (
        int(text) if text.isascii() and text.isdigit() and len(text) <= _LONGEST_SEQUENCE else None
    )


def _next_extension(opened: OpenMailbox) -> tuple[int, str] | None:
    """Return the next longer lifetime in seconds with its name, None when there is nothing to gain."""
    mailbox = opened.mailbox
    if mailbox.max_expires_at - mailbox.expires_at < timedelta(seconds=times.MINUTE):
        return None
    rest = (mailbox.expires_at - opened.now).total_seconds()
    longer = [choice for choice in lifetime_choices() if choice[0] > rest + times.MINUTE]
    return longer[0] if longer else None


def _done(key: str) -> str:
    """Return what to say after an action: only what stands here, whatever the query holds."""
    sayings = {
        "deleted": _("The message is deleted."),
        "emptied": _("All messages are deleted."),
        "extended": _("The address has more time now."),
    }
    return sayings.get(key, "")
