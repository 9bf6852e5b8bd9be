"""An attached message written back as it was sent, from compat32's tree.

email.generator refolds headers and refuses some; this writes what was read. Line ends around
boundaries follow the message's own.
"""

from email.message import Message
from io import BytesIO

from mailboxes.rules.mime import payload, words


def attached_message(part: Message, sent: bytes | None) -> bytes:
    """The bytes of what a message/* part holds: `sent` if they are known, else written back; the
    transfer encoding, which RFC 2046 section 5.2.1 forbids but some senders use, is undone."""
    data = b"".join(whole(child) for child in children(part)) if sent is None else sent
    if payload.encoding(part) in ("base64", "quoted-printable") and _has_no_headers(part):
        return payload.decoded(data.lstrip(b"\n"), payload.encoding(part))
    return data


def whole(message: Message) -> bytes:
    """One message, headers included."""
    out = BytesIO()
    _write(message, out)
    return out.getvalue()


def children(part: Message) -> list[Message]:
    """The parts directly below a multipart or message/*; [] for a leaf."""
    below = part.get_payload() if part.is_multipart() else []
    return [child for child in below if isinstance(child, Message)]


def _has_no_headers(part: Message) -> bool:
    return all(len(child) == 0 for child in children(part))


def _write(part: Message, out: BytesIO) -> None:
    eol = b"\n"
    unixfrom = part.get_unixfrom()
    if unixfrom:
        out.write(words.octets(unixfrom) + eol)
    for name, value in part.raw_items():
        text = str(value)
        eol = b"\r\n" if "\r\n" in text else eol
        out.write(words.octets(name) + b": " + words.octets(text.lstrip(" \t")) + eol)
    if len(part):
        out.write(eol)
    below = children(part)
    if not below:
        out.write(payload.encoded(part))
    elif part.get_content_maintype() == "multipart":
        _write_multipart(part, below, out, eol)
    else:
        for child in below:
            _write(child, out)


def _write_multipart(part: Message, below: list[Message], out: BytesIO, eol: bytes) -> None:
    boundary = b"--" + words.octets(str(part.get_boundary() or ""))
    if part.preamble is not None:
        out.write(words.octets(part.preamble) + eol)
    for child in below:
        out.write(boundary + eol)
        _write(child, out)
        out.write(eol)
    out.write(boundary + b"--" + eol)
    if part.epilogue is not None:
        out.write(words.octets(part.epilogue))
