"""The first page: how the service stands now, how it went, and what waits for an operator."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mailboxes.admin import charts, tiles, units
from mailboxes.models.abuse import ModerationRecord
from mailboxes.services import figures, pause, samples

SPANS = (60, 360, 1440)  # minutes
_RECORDS = 8
_REFUSED = ("unknown", "full", "blocked", "slowed", "cut_off", "foreign", "temporary")


@dataclass(frozen=True, slots=True)
class Bar:
    """One row of a table with its part of the largest, in hundredths."""

    name: str
    value: str
    part: int


def context(request: HttpRequest) -> dict[str, Any]:
    """Return what the page shows. A figure that cannot be had is left out, and the page says so."""
    span = _span(request)
    return {
        "spans": [(minutes, _span_words(minutes), minutes == span) for minutes in SPANS],
        "tiles": tiles.all_of(request),
        "charts": _charts(samples.last(span)),
        "domains": _domains(),
        "rejects": _rejects(),
        "counted_at": figures.mail_counts_at(),
        "records": _records(request),
        "is_paused": pause.is_paused(),
        "may_pause": _may(request, "change_abusecontrols"),
        "may_find": _may(request, "find_mailbox"),
    }


def _records(request: HttpRequest) -> list[ModerationRecord]:
    if not _may(request, "view_moderationrecord"):
        return []
    return list(ModerationRecord.objects.all()[:_RECORDS])


def _span(request: HttpRequest) -> int:
    wanted = request.GET.get("minutes", "")
    return next((minutes for minutes in SPANS if str(minutes) == wanted), SPANS[0])


def _span_words(minutes: int) -> str:
    hours = minutes // 60
    return ngettext("%(n)d hour", "%(n)d hours", hours) % {"n": hours}


def _charts(taken: list[samples.Sample]) -> list[charts.Chart]:
    return [
        charts.draw(_("Mail a minute"), units.number, _rates(taken, _mail())),
        charts.draw(_("From arrival to stored"), units.seconds, _latency(taken)),
        charts.draw(_("Refused a minute"), units.number, _rates(taken, _refused())),
        _level(taken, _("Living mailboxes"), units.number, "mailboxes"),
        charts.draw(_("Made and purged a minute"), units.number, _rates(taken, _turnover())),
        _level(taken, _("Bytes stored"), units.size, "bytes"),
        _level(taken, _("Purge lag"), units.seconds, "purge_lag"),
        _level(taken, _("Mail queue"), units.number, "queue"),
        charts.draw(_("Stopped at the gate a minute"), units.number, _rates(taken, _gate())),
        charts.draw(_("Requests a minute"), units.number, _rates(taken, _requests())),
    ]


def _rates(taken: list[samples.Sample], names: dict[str, str]) -> list[charts.Series]:
    return [(words, samples.per_minute(taken, name)) for name, words in names.items()]


def _level(taken: list[samples.Sample], title: str, words: charts.Words, name: str) -> charts.Chart:
    return charts.draw(title, words, [(_("now"), samples.levels(taken, name))])


def _latency(taken: list[samples.Sample]) -> list[charts.Series]:
    return [
        (_("95 of 100 within"), samples.age_quantiles(taken, 0.95)),
        (_("mean"), samples.means(taken, "age_seconds", "age_count")),
        (_("mean in the worker"), samples.means(taken, "ingest_seconds", "ingest_count")),
    ]


def _mail() -> dict[str, str]:
    return {"recipients_stored": _("stored"), "messages_deferred": _("put off")}


def _refused() -> dict[str, str]:
    return {f"rcpt_{name}": _reason(name) for name in _REFUSED}


def _turnover() -> dict[str, str]:
    return {"created": _("made"), "purged": _("purged")}


def _gate() -> dict[str, str]:
    return {"captcha_failed": _("CAPTCHA failed"), "limited": _("over a limit")}


def _requests() -> dict[str, str]:
    return {"requests": _("all"), "requests_failed": _("answered 5xx")}


def _may(request: HttpRequest, codename: str) -> bool:
    return request.user.has_perm(f"mailboxes.{codename}")


def _domains() -> list[Bar]:
    found = tiles.known(figures.top_domains) or []
    most = max((each.mailboxes for each in found), default=0)
    return [
        Bar(each.name, units.number(each.mailboxes), _part(each.mailboxes, most)) for each in found
    ]


def _rejects() -> list[Bar]:
    found = sorted(figures.rejects().items(), key=lambda each: -each[1])[:10]
    most = max((count for _name, count in found), default=0)
    return [Bar(_reason(name), units.number(count), _part(count, most)) for name, count in found]


def _part(value: int, most: int) -> int:
    return round(100 * value / most) if most else 0


def _reason(name: str) -> str:
    words = {
        "unknown": _("no such address"),
        "full": _("mailbox full"),
        "blocked": _("blocked"),
        "slowed": _("too fast"),
        "cut_off": _("cut off for guessing"),
        "foreign": _("not our domain"),
        "temporary": _("our own fault, for now"),
    }
    return words.get(name, name.replace("_", " "))
