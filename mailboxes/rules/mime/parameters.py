"""Parameters of Content-Type and Content-Disposition: RFC 2231, encoded words, raw 8-bit text."""

import re
from email.message import Message

from mailboxes.rules import charsets, strings
from mailboxes.rules.mime import words

_PLAIN = r'(?:^|;)\s*%s\s*=\s*("[^"]*+"?|[^;\s]++)'
_TYPE = re.compile(r"[a-z0-9!#$&^_.+-]{1,127}/[a-z0-9!#$&^_.+-]{1,127}")


def content_type(part: Message) -> str:
    """The declared type in lower case; RFC 2045's default where it is missing or malformed."""
    declared = _TYPE.match(part.get_content_type())
    return declared[0] if declared else "application/octet-stream"


def disposition(part: Message) -> str:
    """'attachment', 'inline', another token, or ''."""
    value = words.raw_text(_raw(part, "content-disposition"))
    return value.partition(";")[0].strip().strip('"').lower()


def charset(part: Message) -> str:
    """The charset of a text part as labelled, or ''."""
    return parameter(part, "content-type", "charset").lower()


def content_id(part: Message) -> str:
    """The Content-ID without its angle brackets, or ''."""
    return strings.line(words.raw_text(_raw(part, "content-id")).strip("<> \t"), 998)


def filename(part: Message) -> str:
    """The clean file name that the part asks for, or ''."""
    for header, name in (("content-disposition", "filename"), ("content-type", "name")):
        found = strings.filename(parameter(part, header, name))
        if found:
            return found
    return ""


def parameter(part: Message, header: str, name: str) -> str:
    """One parameter's value, decoded by RFC 2231 and, as most senders need it, RFC 2047."""
    raw = _raw(part, header)
    if name.encode() not in raw.lower():
        return ""
    value = words.raw_text(raw)
    view = Message()
    view[header] = value
    try:
        return _text(view.get_param(name, "", header))
    except (LookupError, TypeError, ValueError, AttributeError):
        found = re.search(_PLAIN % re.escape(name), value, re.IGNORECASE)
        return words.decode(found[1].strip('"')) if found else ""


def _text(value: object) -> str:
    if isinstance(value, tuple):
        label, _, quoted = value
        # unquote() made characters of bytes (Latin-1); what does not fit was sent unencoded.
        if any(ord(character) > 255 for character in quoted):
            return str(quoted)
        return charsets.decode(quoted.encode("latin-1"), str(label or ""))
    return words.decode(str(value or ""))


def _raw(part: Message, name: str) -> bytes:
    for key, value in part.raw_items():
        if key.lower() == name:
            return words.octets(str(value))
    return b""
