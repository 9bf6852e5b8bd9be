"""What an event of the timeline means, in words for the owner of an address and for operators."""

from dataclasses import dataclass

from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from mailboxes.services.timeline import Entry, Kind, Reason


@dataclass(frozen=True, slots=True)
class Said:
    """A line of the timeline. `tone` is "good", "bad", "wait" or "plain"; `facts` are short, and may be none."""

    title: str
    meaning: str
    tone: str
    facts: tuple[str, ...] = ()


def say(entry: Entry) -> Said:
    """Return what happened, what it means for the mail, and what else is known of it."""
    if entry.kind is Kind.REFUSED:
        return _refused(entry)
    if entry.kind is Kind.DEFERRED:
        return _deferred(entry)
    said = {
        Kind.ACCEPTED: _accepted,
        Kind.QUEUED: _queued,
        Kind.STORED: _stored,
        Kind.DUPLICATE: _duplicate,
    }
    return said[entry.kind](entry)


def took(milliseconds: int) -> str:
    """Return a measured time: "38 ms", "4.2 s", "3 min"."""
    if milliseconds < 1000:
        return _("%(count)d ms") % {"count": max(0, milliseconds)}
    if milliseconds < 120_000:
        return _("%(seconds)s s") % {"seconds": f"{milliseconds / 1000:.1f}"}
    return _("%(count)d min") % {"count": round(milliseconds / 60_000)}


def _accepted(entry: Entry) -> Said:
    return Said(
        _("A mail server asked for this address and was let in"),
        _(
            "It may send the message now. If nothing follows, it only asked, broke off, or sent more than we take "
            "in one message."
        ),
        "plain",
        _of_question(entry),
    )


def _refused(entry: Entry) -> Said:
    titles = {
        Reason.FULL: _("Turned away: the mailbox is full"),
        Reason.BLOCKED: _("Turned away: the sender is blocked here"),
        Reason.SLOWED: _("Turned away for now: too much mail from there"),
        Reason.CUT_OFF: _("Turned away for now: the server asks for addresses that do not exist"),
        Reason.TEMPORARY: _("Turned away for now: we could not look up the address"),
    }
    meanings = {
        Reason.FULL: _(
            "Delete some mail. Most senders try again within minutes, for hours or days."
        ),
        Reason.BLOCKED: _(
            "The operator of this site has blocked it. It will not try again; use another address there."
        ),
        Reason.SLOWED: _(
            "We take a number of messages a minute from one sender. It will try again."
        ),
        Reason.CUT_OFF: _(
            "We hang up on servers that guess. An honest one tries again, and gets in."
        ),
        Reason.TEMPORARY: _("The fault is ours, and nothing is lost: the sender will try again."),
    }
    reason = entry.reason or Reason.TEMPORARY
    return Said(
        titles.get(reason, titles[Reason.TEMPORARY]),
        meanings.get(reason, meanings[Reason.TEMPORARY]),
        "bad",
        _of_question(entry),
    )


def _deferred(entry: Entry) -> Said:
    meaning = _("Our database could not take it. It is safe in the queue of our mail server.")
    if entry.reason is Reason.SHORT:
        meaning = _("It came out of the queue of our mail server cut off; in there it is whole.")
    return Said(
        _("Could not be stored yet"),
        meaning + " " + _("We try again within a minute."),
        "wait",
    )


def _queued(entry: Entry) -> Said:
    return Said(
        _("The message came in"),
        _("Our mail server began to take it, and has kept it safe since."),
        "plain",
    )


def _stored(entry: Entry) -> Said:
    return Said(_("Stored: it is in the inbox"), "", "good", _of_message(entry))


def _duplicate(entry: Entry) -> Said:
    return Said(
        _("Came once more, and is stored once"),
        _(
            "Our mail server tried again something that was stored already, or that you have deleted."
        ),
        "plain",
        _of_message(entry),
    )


def _of_question(entry: Entry) -> tuple[str, ...]:
    facts = [
        _("encrypted, %(protocol)s") % {"protocol": entry.tls} if entry.tls else _("not encrypted")
    ]
    if entry.size:
        facts.append(_("%(size)s announced") % {"size": filesizeformat(entry.size)})
    return tuple(facts)


def _of_message(entry: Entry) -> tuple[str, ...]:
    facts = []
    if entry.milliseconds is not None:
        facts.append(_("%(time)s after it came") % {"time": took(entry.milliseconds)})
    if entry.size:
        facts.append(filesizeformat(entry.size))
    return tuple(facts)
