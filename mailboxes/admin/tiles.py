"""The numbers on top of the dashboard: what waits for an operator, and how the service stands now."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from django.db import Error
from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mailboxes.admin import units
from mailboxes.models.abuse import AbuseReport
from mailboxes.models.messages import OperatorMessage
from mailboxes.services import figures

T = TypeVar("T")
_LATE, _OLD = (
    300,
    600,
)  # seconds of purge lag, of the oldest message in the queue, that are not as they should be


@dataclass(frozen=True, slots=True)
class Tile:
    """One number. `note` says more; `is_bad` that somebody should look; `url` where."""

    name: str
    value: str
    note: str = ""
    is_bad: bool = False
    url: str = ""


def all_of(request: HttpRequest) -> list[Tile]:
    """Return what waits for whoever asks, and how the service stands. What cannot be had is left out."""
    return [tile for tile in (*_waiting(request), *_standing()) if tile]


def known(ask: Callable[[], T]) -> T | None:
    """Return a figure, or None where the database does not answer it."""
    try:
        return ask()
    except Error:
        return None


def _waiting(request: HttpRequest) -> list[Tile | None]:
    """Return what waits for somebody who may do it."""
    tiles: list[Tile | None] = []
    if request.user.has_perm("mailboxes.view_abusereport"):
        reports = AbuseReport.objects.filter(state=AbuseReport.State.OPEN).count()
        url = reverse("admin:mailboxes_abusereport_changelist") + "?state__exact=open"
        tiles.append(Tile(_("Open reports"), str(reports), is_bad=reports > 0, url=url))
    if request.user.has_perm("mailboxes.view_operatormessage"):
        mail = OperatorMessage.objects.count()
        url = reverse("admin:mailboxes_operatormessage_changelist")
        tiles.append(Tile(_("Mail to the operator"), str(mail), url=url))
    return tiles


def _standing() -> list[Tile | None]:
    return [
        *_stored(known(figures.stored)),
        _overdue(known(figures.overdue)),
        _queue(),
        _canary(),
        _probe(_("Database"), figures.database(), known(figures.database_bytes)),
        _probe(_("Redis"), figures.redis(), None),
    ]


def _stored(stored: figures.Stored | None) -> list[Tile]:
    if stored is None:
        return []
    return [
        Tile(_("Living mailboxes"), units.number(stored.mailboxes)),
        Tile(_("Messages"), units.number(stored.messages), filesizeformat(stored.bytes)),
    ]


def _overdue(overdue: figures.Overdue | None) -> Tile | None:
    if overdue is None:
        return None
    count = overdue.mailboxes
    words = ngettext("%(n)d mailbox overdue", "%(n)d mailboxes overdue", count) % {"n": count}
    return Tile(_("Purge lag"), units.seconds(overdue.lag), words, overdue.lag > _LATE)


def _queue() -> Tile:
    queue = figures.queue()
    if queue is None:
        return Tile(_("Mail queue"), _("not known"), _("no worker has looked lately"), True)
    oldest = _("oldest: %(time)s") % {"time": units.seconds(queue.oldest)}
    return Tile(
        _("Mail queue"),
        units.number(queue.depth),
        oldest if queue.depth else "",
        queue.oldest > _OLD,
    )


def _canary() -> Tile | None:
    canary = known(figures.canary)
    if canary is None:
        return None
    if canary.round_trip is None:
        return Tile(
            _("Trial mail"), _("none"), _("none came within two days"), url=reverse("web:status")
        )
    since = _("at %(time)s UTC") % {"time": f"{canary.last_passed_at:%H:%M}"}
    return Tile(_("Trial mail"), units.seconds(canary.round_trip), since, url=reverse("web:status"))


def _probe(name: str, probe: figures.Probe, size: int | None) -> Tile:
    if not probe.is_up:
        return Tile(name, _("away"), is_bad=True)
    return Tile(name, units.seconds(probe.seconds), filesizeformat(size) if size else "")
