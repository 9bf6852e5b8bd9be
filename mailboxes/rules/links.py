"""Finds the links by which a sender wants an address, an account or a sign-in confirmed.

Precision before recall: a wrong link in this place is one that people follow without reading.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from mailboxes.rules import html_text, link_words

_TEXT_LENGTH = 12_000  # characters
_LINKS_LOOKED_AT = 40
_LONGEST_URL = 2000
_AT_MOST = 3
_LISTED = 100
_LONGEST_SHOWN = 200
_LONGEST_LABEL = 70
_FAR_BEFORE = 300
_FAR_BEHIND = 80
_URL = re.compile(
    r"https?://[^\s<>\"'`\\^{|}\x00-\x20\u2028\u2029\u3000-\u303f\uff00-\uffef]+", re.I
)
_TRAILING = ".,;:!?)]}*_"
# No user name before the host: it can be made to look like one.
_HOST = re.compile(r"https?://([^/?#:@\\]+\.[^/?#:@.\\]+)(?::\d+)?(?:[/?#]|$)", re.I)
_LONG_SECRET = re.compile(r"[A-Za-z0-9_-]{16,}|[0-9a-f]{8}-[0-9a-f]{4}-|[?&][a-z_]+=[^&]{8,}")


@dataclass(frozen=True, slots=True)
class _Link:
    url: str
    label: str
    """What stands for it: the text of its anchor, or '' where the URL itself is shown."""
    before: str
    """The text before it, without what belongs to the link before."""
    after: str
    """The rest of its line."""


def find_links(subject: str, text: str) -> tuple[str, ...]:
    """At most three http(s) URLs of confirmations, in the order of the text.

    `text` has links as "label <url>", or alone; see html_text. Reads its first 12,000 characters.
    """
    text = text[:_TEXT_LENGTH]
    if "://" not in text:
        return ()
    topic = subject[:300].lower()
    found: dict[str, None] = {}
    for link in _links(text):
        if len(found) < _AT_MOST and _is_confirmation(link, topic):
            found[link.url] = None
    return tuple(found)


def all_links(text: str, html: str) -> dict[str, str]:
    """At most a hundred http(s) URLs with what is shown for them: those of the HTML, or else of the text."""
    anchors = html_text.to_links(html) if html else []
    found: dict[str, str] = {}
    for url, shown in anchors or (
        (match[0].rstrip(_TRAILING), "") for match in _URL.finditer(text)
    ):
        if len(found) < _LISTED and len(url) <= _LONGEST_URL and _URL.match(url):
            found[url] = found.get(url) or shown[:_LONGEST_SHOWN]
    return found


def _links(text: str) -> Iterator[_Link]:
    end = 0
    for match in islice(_URL.finditer(text), _LINKS_LOOKED_AT):
        url = match[0].rstrip(_TRAILING)
        before = text[max(end, match.start() - _FAR_BEFORE) : match.start()]
        label, before = _label(before)
        end = match.end()
        if len(url) <= _LONGEST_URL:
            after = text[end : end + _FAR_BEHIND].partition("\n")[0]
            yield _Link(url, label.lower(), before.lower(), after.lower())


def _label(before: str) -> tuple[str, str]:
    """The label of a link that stands in angle brackets behind it, and the text before that."""
    if not before.endswith("<"):
        return "", before
    paragraph, _, line = before[:-1].rstrip().rpartition("\n")
    label = re.split(r"[.!?>] ", line)[-1].strip(" *_>|-\u2022")
    return label[-200:], paragraph


def _is_confirmation(link: _Link, topic: str) -> bool:
    url = link.url.lower()
    if not _HOST.match(url) or link_words.NEVER.search(url):
        return False
    if link.label:
        return _says_so(link.label, link.before, topic, url)
    return _is_said(link, topic, url)


def _says_so(label: str, before: str, topic: str, url: str) -> bool:
    """Whether the label of a link names a confirmation."""
    if len(label) > _LONGEST_LABEL or link_words.OTHER.search(label):
        return False
    around = f"{topic} {before[-200:]}"
    if link_words.SIGN_IN.search(label) and not _is_account_action(label):
        return bool(link_words.MAGIC.search(f"{around} {label}") and _LONG_SECRET.search(url))
    if not link_words.ACTION.search(label):
        return False
    if link_words.OBJECT.search(label):
        return True
    return bool(link_words.OBJECT.search(around)) and not link_words.OTHER.search(topic)


def _is_account_action(label: str) -> bool:
    without = link_words.SIGN_IN.sub(" ", label)
    return bool(link_words.ACTION.search(without))


def _is_said(link: _Link, topic: str, url: str) -> bool:
    """Whether the text around a link that is shown as itself makes it a confirmation."""
    near = link.before[-160:].rstrip()
    near = near.rpartition("\n\n\n")[2]
    if link_words.OTHER.search(near.rpartition("\n\n")[2]) or not _path(url):
        return False
    if not (link_words.EVIDENCE.search(url) or _LONG_SECRET.search(_path(url))):
        return False
    if link_words.MAGIC.search(near) and _LONG_SECRET.search(_path(url)):
        return True
    if " to " in link.after[:6]:  # "click ... to activate your account"
        near += link.after
    about = f"{topic} {near}"
    return bool(link_words.ACTION.search(near) and link_words.OBJECT.search(about))


def _path(url: str) -> str:
    return url.partition("://")[2].partition("/")[2]
