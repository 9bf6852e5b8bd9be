"""Changes that turn a good message into a bad one, for hypothesis."""

import base64
import re

from hypothesis import strategies as st

from tests.hostile import corpus, nasty

_PLACES = re.compile(rb"\n\n|\r\n\r\n|\n--|: |;|=\?|\?=|boundary=|=\n|\"")
_TYPES = (
    *(b"text/plain", b"text/html", b"multipart/mixed; boundary=b", b"multipart/alternative"),
    *(b"message/rfc822", b"message/delivery-status", b"image/png", b"text/plain; charset=utf-16"),
    *(b"multipart/mixed; boundary=", b"application/octet-stream; name*0*=x''%00", b"/", b""),
)
_ENCODINGS = (b"base64", b"quoted-printable", b"x-uuencode", b"8bit", b"binary", b"7bit, base64")
_CHARSETS = (
    *(b"utf-7", b"utf-16", b"utf-16be", b"utf-32", b"iso-2022-jp", b"iso-2022-kr", b"hz-gb-2312"),
    *(b"big5", b"gb18030", b"windows-1252", b"x-nonsense", b"zlib", b"idna", b"unicode_escape"),
)
_PNG = base64.encodebytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)))
BASES = [
    nasty.plain("Grüße, 482913.".encode(), b"; charset=utf-8"),
    nasty.coded(b"Gr=C3=BC=C3=9Fe =\nseen", b"quoted-printable"),
    nasty.markup(b"<style>a{color:red}</style><p>Hello <b>x</b><img src=cid:i>"),
    nasty.mixed(
        b"Content-Type: text/plain; charset=iso-8859-1\n\ncaf\xe9",
        b"Content-Type: text/html\n\n<p>seen</p>",
        b'Content-Type: image/png; name="a.png"\nContent-ID: <i>\n'
        b"Content-Transfer-Encoding: base64\n\n" + _PNG,
        b"Content-Type: message/rfc822\n\nSubject: inner\n\nseen",
    ),
    nasty.named(b"; filename*0*=utf-8''%c3%bc; filename*1=b.pdf"),
    nasty.HEAD + b"Content-Type: text/plain; charset=iso-2022-jp\n\n\x1b$B$3$s\x1b(B",
    *corpus.small(),
]


def _place(data: st.DataObject, raw: bytes) -> int:
    """Anywhere, or where the grammar changes its mind."""
    turns = [found.end() for found in _PLACES.finditer(raw[:20_000])]
    if turns and data.draw(st.booleans()):
        return data.draw(st.sampled_from(turns))
    return data.draw(st.integers(0, len(raw)))


def truncated(data: st.DataObject, raw: bytes) -> bytes:
    return raw[: _place(data, raw)]


def beheaded(data: st.DataObject, raw: bytes) -> bytes:
    return raw[_place(data, raw) :]


def flipped(data: st.DataObject, raw: bytes) -> bytes:
    changed = bytearray(raw)
    for _ in range(data.draw(st.integers(1, 8)) if raw else 0):
        changed[data.draw(st.integers(0, len(raw) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    return bytes(changed)


def spliced(data: st.DataObject, raw: bytes) -> bytes:
    at = _place(data, raw)
    return raw[:at] + data.draw(st.binary(max_size=12)) + raw[at + data.draw(st.integers(0, 30)) :]


def doubled(data: st.DataObject, raw: bytes) -> bytes:
    first, second = _place(data, raw), _place(data, raw)
    return raw[:first] + raw[min(first, second) : max(first, second)] * 3 + raw[second:]


def retyped(data: st.DataObject, raw: bytes) -> bytes:
    kind = data.draw(st.sampled_from(_TYPES))
    return re.sub(rb"(?i)(content-type:)[^\n]*", lambda found: found[1] + b" " + kind, raw, count=1)


def recoded(data: st.DataObject, raw: bytes) -> bytes:
    line = b"Content-Transfer-Encoding: " + data.draw(st.sampled_from(_ENCODINGS)) + b"\n"
    return re.sub(rb"(?i)(?=content-type:)", lambda _: line, raw, count=1)


def recharset(data: st.DataObject, raw: bytes) -> bytes:
    label = data.draw(st.sampled_from(_CHARSETS))
    return re.sub(rb"(?i)(charset=\"?)[^\s;\"]*", lambda found: found[1] + label, raw)


def reboundary(data: st.DataObject, raw: bytes) -> bytes:
    value = data.draw(st.one_of(st.binary(max_size=8), st.just(b"b" * 300)))
    return re.sub(rb"(?i)(boundary=)[^\s;]*", lambda found: found[1] + value, raw, count=1)


def _attached(raw: bytes) -> bytes:
    return nasty.HEAD + b"Content-Type: message/rfc822\n\n" + raw


def nested(data: st.DataObject, raw: bytes) -> bytes:
    wrap = data.draw(st.sampled_from((nasty.mixed, _attached)))
    for _ in range(data.draw(st.integers(1, 12))):
        raw = wrap(raw)
    return raw


CHANGES = (
    *(truncated, beheaded, flipped, spliced, doubled),
    *(retyped, recoded, recharset, reboundary, nested),
)
