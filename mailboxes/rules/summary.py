"""The small sealed record of a message that an inbox list is drawn from."""

import dataclasses
import json
import re
from dataclasses import dataclass
from typing import Any, Self

from mailboxes.rules import codes, html_text, links, parsing, safe_html, strings

PREVIEW_LENGTH = 200
_NAME_LENGTH = 200
_ADDRESS_LENGTH = 320
_SUBJECT_LENGTH = 500
_ATTACHMENT_NAMES = 100
_UNREAD_BYTES = 64 * 1024
_TRIED_HTML = 100_000  # characters
_HTML_WITH_LINKS = 50_000  # characters
_PREVIEWED = (1_000, 8_000)  # characters
_REFERENCE = re.compile(r"&[#cs]")  # "://" may be written with &#47;, &colon; or &sol;
_LINK_TARGET = re.compile(r"(?:<|\b)(?:https?://|mailto:)[^\s<>]*>?", re.IGNORECASE)
_RULE = re.compile(r"[-=_*~#]{4,}")


@dataclass(frozen=True, slots=True)
class Summary:
    """What the list shows. All strings are clean, single lines and bounded.

    `links` are those of confirmations; `auth` is what our own milter found, see authentication.
    """

    sender_name: str = ""
    sender_address: str = ""
    subject: str = ""
    preview: str = ""
    codes: tuple[str, ...] = ()
    attachment_names: tuple[str, ...] = ()
    partial: bool = False
    unreadable: bool = False
    links: tuple[str, ...] = ()
    auth: str = ""

    def encode(self) -> bytes:
        """Compact JSON in UTF-8."""
        fields = {name: getattr(self, name) for name in self.__slots__}
        return json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """The reverse of `encode`; unknown keys are ignored, missing ones have their defaults.

        Raises ValueError if `data` is not a JSON object in UTF-8.
        """
        try:
            loaded: Any = json.loads(data)
        except ValueError as error:
            raise ValueError("not a summary") from error
        if not isinstance(loaded, dict):
            raise ValueError("not a summary")
        names = {field.name for field in dataclasses.fields(cls)}
        known: dict[str, Any] = {key: loaded[key] for key in names & loaded.keys()}
        for key in ("codes", "attachment_names", "links"):
            known[key] = tuple(known.get(key, ()))
        return cls(**known)

    @classmethod
    def of_unread(cls, raw: bytes) -> Self:
        """Of a message that no parser may touch: its headers in the first 64 KiB, scanned."""
        parsed = parsing.read_headers(raw, _UNREAD_BYTES, unreadable=True)
        return cls(**_heading(parsed), partial=True, unreadable=True)


def summarize(raw: bytes) -> Summary:
    """The summary of a message; never raises on hostile bytes (MemoryError, TimeoutError aside)."""
    parsed = parsing.outline(raw)
    if len(parsed.html) > _TRIED_HTML:
        # A trial within the caller's limits: what is beyond them is never opened by the site.
        safe_html.clean(parsed.html, safe_html.inline_images(parsed.attachments))
    names = [attachment.filename for attachment in parsed.attachments[:_ATTACHMENT_NAMES]]
    return Summary(
        **_heading(parsed),
        preview=preview(parsed.text),
        codes=codes.find_codes(parsed.subject, parsed.text),
        attachment_names=tuple(names),
        partial=parsed.partial,
        unreadable=parsed.unreadable,
        links=links.find_links(parsed.subject, _text_with_links(parsed)),
    )


def preview(text: str) -> str:
    """The beginning of a text on one line of at most 200 characters, without link targets."""
    for length in _PREVIEWED:  # the longer one only where links fill the beginning
        start = text[:length]
        start = _LINK_TARGET.sub("", start) if ":" in start else start
        shown = strings.line(_RULE.sub(" ", start), PREVIEW_LENGTH)
        if shown.endswith("…") or length >= len(text):
            break
    return shown


def _text_with_links(parsed: parsing.ParsedMessage) -> str:
    """Where links are looked for: the text; the HTML's where the text beside it has no link at all."""
    html = parsed.html[:_HTML_WITH_LINKS]
    if "://" not in parsed.text and ("://" in html or _REFERENCE.search(html)):
        return html_text.to_text(html)
    return parsed.text


def _heading(parsed: parsing.ParsedMessage) -> dict[str, Any]:
    return {
        "sender_name": strings.line(parsed.sender.name, _NAME_LENGTH),
        "sender_address": strings.line(parsed.sender.address, _ADDRESS_LENGTH),
        "subject": strings.line(parsed.subject, _SUBJECT_LENGTH),
    }
