"""Where is my mail? What our mail server did with mail for this address in the last hour, for its owner."""

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from mailboxes.rules.errors import Unavailable
from mailboxes.services import timeline, timeline_totals, timeline_words
from mailboxes.services.reading import OpenMailbox
from mailboxes.services.timeline import Entry, Kind
from mailboxes.services.timeline_words import Said
from mailboxes.web import times
from mailboxes.web.access import mailbox_view
from mailboxes.web.inbox import address_parts

SHOWN = 100  # entries, the newest
_HERE = (Kind.QUEUED, Kind.STORED, Kind.DUPLICATE)


@dataclass(frozen=True, slots=True)
class Line:
    """One event on the page."""

    at: datetime
    age: str
    said: Said
    meaning: str


@mailbox_view
@require_safe
def show(request: HttpRequest, opened: OpenMailbox) -> HttpResponse:
    """Show the events, newest first, and the sums of what was turned away before the address was said."""
    entries = _entries(opened)
    context = {
        **address_parts(opened),
        "mailbox": opened.mailbox,
        "known": entries is not None,
        "lines": _lines(entries or [], opened.now),
        "more": max(0, len(entries or []) - SHOWN),
        "totals": _totals(),
    }
    return render(request, "mailboxes/timeline.html", context)


def _entries(opened: OpenMailbox) -> list[Entry] | None:
    """Return what is known; None while it cannot be asked for."""
    try:
        return timeline.of_digest(bytes(opened.mailbox.address_digest))
    except Unavailable:
        return None


def _lines(entries: list[Entry], now: datetime) -> list[Line]:
    """Return the newest first. What being let in may mean is said only where no message came after it."""
    came = max((each.at for each in entries if each.kind in _HERE), default=None)
    lines = []
    for entry in reversed(entries[-SHOWN:]):
        said = timeline_words.say(entry)
        followed = entry.kind is Kind.ACCEPTED and came is not None and entry.at <= came
        lines.append(
            Line(entry.at, times.age(entry.at, now), said, "" if followed else said.meaning)
        )
    return lines


def _totals() -> list[tuple[str, str]]:
    """Return what was turned away, in words, and how often."""
    found = timeline_totals.before_the_address()
    said = (
        (_("Messages announced as larger than we take"), found.too_big),
        (_("Connections that broke off or timed out"), found.broke_off),
        (_("Connections that came too often, or made too many errors"), found.too_fast),
        (_("Messages for which there was no room in the queue"), found.no_room),
        (_("Commands that no mail server should send"), found.misuse),
        (_("Addresses that do not exist: typing errors, ended ones, guesses"), found.unknown),
    )
    return [
        (words, ngettext("%(count)d time", "%(count)d times", count) % {"count": count})
        for words, count in said
    ]
