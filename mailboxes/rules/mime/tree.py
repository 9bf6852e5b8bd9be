"""Walks compat32's tree of parts: which are the body to read, which are attachments."""

import re
from dataclasses import dataclass, field
from email.message import Message

from mailboxes.rules import charsets, html_text, strings
from mailboxes.rules.mime import parameters, payload, source, spans, words

# Further copies of the body that no reader of ours shows; the source has them.
_MIME_NOTICE = re.compile(r"multi-?part|\bMIME\b", re.IGNORECASE)
_OTHER_RENDERINGS = {"text/x-amp-html", "text/watch-html"}


@dataclass(frozen=True, slots=True)
class File:
    """A part that can be downloaded; `filename` is '' where the sender gave none."""

    filename: str
    content_type: str
    content: bytes
    content_id: str
    inline: bool


@dataclass(slots=True)
class Body:
    """What is read of one part and those below it, as text and (or '') as HTML."""

    text: str = ""
    html: str = ""

    def as_html(self) -> str:
        """As HTML, made from the text where there is none."""
        return self.html or html_text.from_text(self.text[: html_text.MAX_CHARACTERS])

    def complete(self) -> "Body":
        """With text made from the HTML where there is none."""
        return Body(self.text or html_text.to_text(self.html), self.html)


@dataclass(slots=True)
class Reading:
    """Body and files of one message, in the order of its parts."""

    body: Body = field(default_factory=Body)
    files: list[File] = field(default_factory=list)


def read(message: Message, raw: bytes) -> Reading:
    """The body and the files of a message that was parsed from `raw`."""
    walk = _Walk(message, raw)
    body = walk.part(message)
    if not _has_content(body):
        body = _last_resort(message)
    return Reading(body.complete(), walk.files)


class _Walk:
    """One way through the tree; parts that are no body collect in `files`."""

    def __init__(self, root: Message, raw: bytes) -> None:
        self.files: list[File] = []
        self._root = root
        self._raw = raw
        self._unread_html = html_text.MAX_CHARACTERS
        self._messages: dict[int, bytes] | None = None

    def part(self, part: Message, alternative: bool = False) -> Body:
        kind = parameters.content_type(part)
        below = source.children(part)
        if kind.startswith("multipart/"):
            return self._multipart(part, kind, below)
        if below:
            self._message_file(part, kind)
            return Body()
        return self._leaf(part, kind, alternative)

    def _multipart(self, part: Message, kind: str, below: list[Message]) -> Body:
        if not below:  # no boundary, or none found: what is there is text
            return Body(text=_text(part))
        if kind == "multipart/alternative":
            return self._alternative(below)
        text, html = [], []
        bodies = [body for body in map(self.part, below) if _has_content(body)]
        has_html = any(body.html for body in bodies)
        for body in bodies:
            text.append(body.text or self._text_of(body.html))
            html.append(body.as_html() if has_html else "")
        return Body("\n\n".join(filter(None, text)), "\n".join(filter(None, html)))

    def _text_of(self, html: str) -> str:
        """For all parts together no more HTML is read for its text than for a single one."""
        read = html[: self._unread_html]
        self._unread_html -= len(read)
        return html_text.to_text(read)

    def _alternative(self, below: list[Message]) -> Body:
        """The last rendering of each kind that is not empty (RFC 2046 section 5.1.4)."""
        chosen = Body()
        for child in below:
            body = self.part(child, alternative=True)
            chosen.html = body.html if body.html.strip() else chosen.html
            chosen.text = body.text if body.text.strip() else chosen.text
        return chosen

    def _leaf(self, part: Message, kind: str, alternative: bool) -> Body:
        disposition = parameters.disposition(part)
        filename = parameters.filename(part) or strings.filename(payload.uuencoded_name(part))
        readable = kind in ("text/plain", "text/html")
        if alternative and kind in _OTHER_RENDERINGS:
            return Body()
        if readable and disposition != "attachment" and not filename:
            return _body(part, kind)
        content_id = parameters.content_id(part)
        inline = disposition == "inline" or (disposition != "attachment" and bool(content_id))
        self.files.append(File(filename, kind, payload.content(part), content_id, inline))
        return _body(part, kind) if readable and disposition == "inline" else Body()

    def _message_file(self, part: Message, kind: str) -> None:
        if self._messages is None:
            self._messages = spans.attached_messages(self._root, self._raw)
        content = source.attached_message(part, self._messages.get(id(part)))
        content_id = parameters.content_id(part)
        self.files.append(File(parameters.filename(part), kind, content, content_id, inline=False))


def _has_content(body: Body) -> bool:
    return bool(body.text.strip() or body.html.strip())


def _body(part: Message, kind: str) -> Body:
    text = _text(part)
    return Body(html=text) if kind == "text/html" else Body(text=text)


def _text(part: Message) -> str:
    return strings.block(payload.text(part, parameters.charset(part)))


def _last_resort(message: Message) -> Body:
    """Where no part is a body: what stands before the first part or behind the last, as senders
    that know little of MIME write it; else the first text, attached or in an attached message."""
    for outside in (message.preamble, message.epilogue):
        written = charsets.decode(words.octets(outside or ""))
        if written.strip() and not _MIME_NOTICE.search(written[:1000]):
            return Body(text=strings.block(written))
    for part in message.walk():
        if part.get_content_maintype() == "text" and not part.is_multipart():
            body = _body(part, parameters.content_type(part))
            if _has_content(body):
                return body
    return Body()
