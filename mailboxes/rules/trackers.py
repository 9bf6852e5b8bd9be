"""Tells images that only report the reading of a mail from images that are there to be seen.

By what an image is before by who sends it: nobody sees an image of one pixel, or a hidden one. The
list of hosts and paths is short on purpose: those of open-tracking products, whose images show
nothing whatever their size. A list of all of them would be out of date tomorrow.
"""

import re
from collections.abc import Mapping

# Endings of host names, each used for open tracking and for nothing that is to be looked at.
_HOSTS = (
    *("mailtrack.io", "mailfoogae.appspot.com", "t.yesware.com", "bl-1.com", "mltrk.io"),
    *("pixel.monitor1.returnpath.net", "google-analytics.com", "doubleclick.net", "litmus.com"),
    *("emltrk.com", "pixel.watch", "t.signaux.com", "t.sidekickopen.com", "getnotify.com"),
    *("readnotify.com", "bananatag.com", "opens.mailbutler.io", "tracking.mailspring.com"),
    *("sp-trk.com", "trk.klclick.com", "open.convertkit-mail.com", "ping.streak.com"),
)
# The ways of the big senders (SendGrid, Mailchimp, Mailgun, Amazon, HubSpot, Klaviyo, Marketo, Mandrill, Postmark).
_PATHS = re.compile(
    r"/wf/open\b|/track/open\.php|/trk/open|/track/open\b|/open\.(?:gif|php|aspx)|/e2t/o/|/e3t/cto"
    r"|/trk\?t=|/o/[A-Za-z0-9_-]{20,}$|/CI0/|/pixel\.(?:gif|png)|/beacon\.(?:gif|png)|/spacer\.gif"
    r"|/openpixel|/email_open|/imp\?|/ss/o/|/q/[A-Za-z0-9~_-]{30,}~*$|/mpss/o/",
    re.IGNORECASE,
)
_HOST = re.compile(r"(?:https?:)?[/\\]{2}(?:[^/\\?#@]*@)?([^/\\?#:]+)", re.IGNORECASE)
_NUMBER = re.compile(r"\s*(\d{1,6})(?:\.\d*)?\s*(?:px)?\s*$", re.IGNORECASE)
_HIDDEN = re.compile(
    r"(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*hidden|opacity\s*:\s*0(?:\.0*)?\s*(?:;|!|$)"
    r"|(?:max-)?(?:width|height)\s*:\s*[01](?:\.\d*)?(?:px)?\s*(?:;|!|$))",
    re.IGNORECASE,
)
_SEEN = 3  # pixels: lines and spacers are not trackers, whatever else they are
_STYLE_LENGTH = 2_000


def host_of(url: str) -> str:
    """The host of a remote URL in lower case, or ''."""
    found = _HOST.match(url.strip()[:2_000])
    return found[1].lower().rstrip(".") if found else ""


def is_tracker(attributes: Mapping[str, str]) -> bool:
    """Whether an img with these attributes, remote, is there only to be fetched."""
    url = attributes.get("src", "").strip()[:2_000]
    return _is_unseen(attributes) or _is_known(url)


def _is_unseen(attributes: Mapping[str, str]) -> bool:
    width, height = _pixels(attributes.get("width")), _pixels(attributes.get("height"))
    if width is not None and height is not None and width < _SEEN and height < _SEEN:
        return True
    if 0 in (width, height) or "hidden" in attributes:
        return True
    return bool(_HIDDEN.search(attributes.get("style", "")[:_STYLE_LENGTH]))


def _is_known(url: str) -> bool:
    host = host_of(url)
    known = any(host == name or host.endswith("." + name) for name in _HOSTS)
    return known or bool(_PATHS.search(url))


def _pixels(value: str | None) -> int | None:
    found = _NUMBER.match(value or "")
    return int(found[1]) if found else None
