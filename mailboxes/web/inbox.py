"""The inbox page and the fragment of it that the live update fetches."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from mailboxes.gate import captcha
from mailboxes.services import activity, reading, recipients, searching
from mailboxes.services.reading import Item, OpenMailbox
from mailboxes.web import cookies, keyring, search, times
from mailboxes.web.access import mailbox_view
from mailboxes.web.captcha import captcha_page
from mailboxes.web.forms import CreateForm, lifetime_choices

PAGE_SIZE = 50
REFRESH = 20  # seconds, for browsers without JavaScript
_LONGEST_SEQUENCE = 18  # digits: fits the database's 64 bits


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the list."""

    item: Item
    sender: str
    subject: str
    initial: str
    age: str


@dataclass(frozen=True, slots=True)
class Tab:
    """One of the addresses of this browser, to change to."""

    public_id: str
    local_part: str
    unread: int


@mailbox_view
@require_safe
def inbox(request: HttpRequest, opened: OpenMailbox) -> HttpResponse:
    """Show the address and its mail, newest first."""
    # No script of Google's may run in a page that shows mail: with it, another address is got on the home page.
    if captcha.kind() == captcha.RECAPTCHA:
        return _page(request, opened, None)
    return _page_with_offer(request, opened)


@captcha_page
def _page_with_offer(request: HttpRequest, opened: OpenMailbox) -> HttpResponse:
    return _page(request, opened, CreateForm(request))


def _page(request: HttpRequest, opened: OpenMailbox, another: CreateForm | None) -> HttpResponse:
    context = _list_context(request, opened)
    held = _tabs(request)
    longest = activity.longest(opened.mailbox)
    context |= {
        "held": held,
        "another": another if len(held) < cookies.LIMIT else None,
        "longest": int(longest.total_seconds()),
        "percent_left": round((opened.mailbox.ends_at - opened.now) / longest * 100),
        "ends_unused": opened.mailbox.ends_at < opened.mailbox.expires_at,
        "extension": _next_extension(opened),
        "done": _done(request.GET.get("done", "")),
        "has_receipt": request.GET.get("done") == "emptied",
        "live": context["before"] is None,
        "refreshes": _refreshes(request, context),
        "refresh": REFRESH,
    }
    return render(request, "mailboxes/inbox.html", context)


@mailbox_view
@require_safe
def fragment(request: HttpRequest, opened: OpenMailbox) -> HttpResponse:
    """Show only what changes while the page is open: the list, and what is unread at the other addresses."""
    context = _list_context(request, opened) | {"held": _tabs(request)}
    return render(request, "mailboxes/_fragment.html", context)


def address_parts(opened: OpenMailbox) -> dict[str, str]:
    """Return local-part and "@domain" apart, so that a narrow page breaks between them."""
    local_part, _at, domain = opened.address.rpartition("@")
    return {"local_part": local_part, "at_domain": f"@{domain}"}


def _refreshes(request: HttpRequest, context: dict[str, Any]) -> bool:
    """Whether the page refreshes itself without JavaScript: not under the hands of somebody who fills in a form."""
    return context["before"] is None and not context["filtered"] and "still" not in request.GET


def _list_context(request: HttpRequest, opened: OpenMailbox) -> dict[str, Any]:
    before = _sequence(request.GET.get("before", ""))
    wanted = search.criteria(request)
    page = searching.page(opened, wanted, limit=PAGE_SIZE, before=before)
    return {
        **address_parts(opened),
        "mailbox": opened.mailbox,
        "time_left": times.left(opened.mailbox.ends_at, opened.now),
        "rows": [_row(opened, item) for item in page.items],
        "before": before,
        "next_before": page.next_before,
        "search": wanted,
        "filtered": bool(wanted),
        "query": search.query(wanted),
        "query_older": search.query(wanted, page.next_before),
        "newest": opened.mailbox.last_sequence,
        "unread": reading.unread_count(opened),
        "full": recipients.is_full(opened.mailbox),
    }


def _row(opened: OpenMailbox, item: Item) -> Row:
    summary = item.summary
    sender = summary.sender_name or summary.sender_address or _("Unknown sender")
    return Row(
        item,
        sender=sender,
        subject=summary.subject or _("(no subject)"),
        initial=next((mark.upper()[0] for mark in sender if mark.isalnum()), "?"),
        age=times.age(item.received_at, opened.now),
    )


def _tabs(request: HttpRequest) -> list[Tab]:
    return [
        Tab(each.opened.mailbox.public_id, each.opened.address.rpartition("@")[0], each.unread)
        for each in keyring.of(request).held
    ]


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
        "deleted-several": _("The messages are deleted."),
        "nothing": _("Nothing was selected, so nothing was deleted."),
        "emptied": _("All messages are deleted."),
        "extended": _("The address has more time now."),
    }
    return sayings.get(key, "")
