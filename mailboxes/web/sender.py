"""Who sent a message, in words: what our own checks of SPF, DKIM and DMARC found."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from mailboxes.rules import authentication
from mailboxes.rules.authentication import Verdict

_FAILED = ("fail", "softfail", "permerror", "policy")


@dataclass(frozen=True, slots=True)
class Check:
    """One method with its result and what that means."""

    name: str
    result: str
    meaning: str
    state: str


@dataclass(frozen=True, slots=True)
class Sender:
    """All of it in one sentence, with its details; `state` is passed, failed, none or unchecked."""

    state: str
    words: str
    checks: tuple[Check, ...]


def sender(auth: str) -> Sender:
    """Return in words what a summary's `auth` says."""
    verdicts = {verdict.method: verdict for verdict in authentication.decode(auth)}
    if not verdicts:
        return Sender("unchecked", _("Not checked: the sender's name may be forged."), ())
    checks = tuple(_check(verdict) for verdict in verdicts.values())
    judged = verdicts.get("dmarc")
    state = _state(judged.result) if judged else "none"
    return Sender(state, _words(state, judged.domain if judged else ""), checks)


def _words(state: str, domain: str) -> str:
    name = domain or _("The sender's domain")
    if state == "passed":
        return _("%(name)s confirms that it sent this mail.") % {"name": name}
    if state == "failed":
        return _("%(name)s does not confirm this mail: it may be forged.") % {"name": name}
    return _("The sender's domain does not say whether it sent this mail: the name may be forged.")


def _check(verdict: Verdict) -> Check:
    state = _state(verdict.result)
    results = {"passed": _("passed"), "failed": _("failed"), "none": _("none")}
    return Check(verdict.method.upper(), results[state], _meaning(verdict, state), state)


def _meaning(verdict: Verdict, state: str) -> str:
    name = {"name": verdict.domain or _("the sender's domain")}
    meanings = {
        ("spf", "passed"): _("The server that brought it may send for %(name)s.") % name,
        ("spf", "failed"): _("The server that brought it may not send for %(name)s.") % name,
        ("dkim", "passed"): _("Signed by %(name)s, and not changed since.") % name,
        ("dkim", "failed"): _("The signature of %(name)s does not fit: changed, or forged.") % name,
        ("dmarc", "passed"): _("The From address belongs to %(name)s, as it asks to check.") % name,
        ("dmarc", "failed"): _("The From address claims %(name)s, which did not confirm it.")
        % name,
    }
    return meanings.get((verdict.method, state), _("There is nothing to check against."))


def _state(result: str) -> str:
    if result == "pass":
        return "passed"
    return "failed" if result in _FAILED else "none"
