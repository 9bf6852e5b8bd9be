"""Messages made to be expensive. Each is made when it is needed; sizes are far below the limit of a message."""

import base64
from collections.abc import Callable

from tests.hostile import nasty

HEAD = nasty.HEAD
MIXED = b"Content-Type: multipart/mixed; boundary="
MILLION = 1_000_000


def html(unit: bytes, size: int = 800_000) -> Callable[[], bytes]:
    return lambda: nasty.markup(b"seen" + unit * (size // len(unit)))


def text(unit: bytes, size: int, more: bytes = b"") -> Callable[[], bytes]:
    return lambda: nasty.plain(b"seen" + unit * (size // len(unit)), more)


def image_used_often() -> bytes:
    """0.8 MB that would become 1.3 GB when each use of the image were written out; with 2 MB: 130 GB."""
    image = b"Content-Type: image/gif\nContent-ID: <x>\nContent-Transfer-Encoding: base64\n\n"
    image += base64.encodebytes(b"GIF89a" + bytes(20_000))
    page = b"Content-Type: text/html\n\nseen" + b"<img src=cid:x>" * 50_000
    return nasty.mixed(page, image, kind=b"related")


def many_pages(parts: int) -> Callable[[], bytes]:
    page = b"Content-Type: text/html\n\n" + b"<b>x</b>" * 100_000
    return lambda: nasty.mixed(b"\nseen", *([page] * parts))


def status_blocks() -> bytes:
    return HEAD + b"Content-Type: message/delivery-status\n\n" + b"A: b\n\n" * 100_000


OUT_OF_BOUNDS: dict[str, Callable[[], bytes]] = {
    "52 KB of nested multiparts": lambda: (
        HEAD + b"".join(MIXED + b"b%d\n\n--b%d\n" % (i, i) for i in range(1000))
    ),
    "100,000 parts": lambda: HEAD + MIXED + b"b\n\n" + b"--b\n\n" * 100_000,
    "1.8 MB of parts": lambda: HEAD + MIXED + b"b\n\n" + b"--b\n\n" * 300_000,
    "1,000 messages in messages": lambda: HEAD + b"Content-Type: message/rfc822\n\n" * 1000,
    "1.8 MB of headers": lambda: HEAD + b"X-A: b\n" * 257_000 + b"\nseen",
    "one header of 1.8 MB": lambda: HEAD + b"X-A: " + b"b" * 1_800_000 + b"\n\nseen",
    "64,000 semicolons": lambda: HEAD + b'Content-Type: text/plain; a="' + b";" * 64_000 + b"\n\nx",
    "boundary of 1 MB": lambda: nasty.mixed(b"\nseen", boundary=b"b" * MILLION),
    "status blocks": status_blocks,
    "10 million blank lines": lambda: HEAD + b"\n" * 10_000_000,
}
WITHIN_BOUNDS: dict[str, Callable[[], bytes]] = {
    "comments in To": lambda: HEAD + b"To: " + b"(((a@b," * 30_000 + b"\n\nseen",
    "quotes in To": lambda: HEAD + b"To: " + b'"' * 100_000 + b"\n\nseen",
    "100 KB of coded words": lambda: HEAD.replace(b"nasty", b"=?utf-8?q?a?= " * 10_000) + b"\nseen",
    "1,900 files": lambda: nasty.mixed(b"\nseen", *([b"Content-Type: image/png\n\nx"] * 1900)),
    "half a million short lines of uuencode": lambda: nasty.coded(
        b"begin 644 x\n" + b"!a\n" * 500_000 + b"end\n", b"x-uuencode"
    ),
    "quoted-printable 3 to 1": text(
        b"=3C", 3 * MILLION, b"\nContent-Transfer-Encoding: quoted-printable"
    ),
    "4 MB of ampersands": text(b"&", 4 * MILLION),
    "half a million lines": text(b"a\n", MILLION),
    "4 MB of one byte": text(b"\xe9", 4 * MILLION, b"; charset=windows-1252"),
    "table cells": html(b"</td>", 2_400_000),
    "end tags": html(b"</b>", 2_400_000),
    "formatting left open": html(b"<b><p>"),
    "angle brackets": html(b"<"),
    "comments": html(b"<!--"),
    "attributes": lambda: nasty.markup(b"seen<p" + b" a" * MILLION + b">"),
    "hidden elements": lambda: nasty.markup(b"seen" + b"<svg>" * 90_000 + b"</math>" * 70_000),
    "brackets in a style": lambda: nasty.markup(b"seen<style>a{b:" + b"(" * 290_000 + b"}</style>"),
    "rules in a style": lambda: nasty.markup(b"seen<style>" + b"a{b:c}" * 48_000 + b"</style>"),
    "digits in a style": lambda: nasty.markup(b"seen<style>a{b:" + b"1" * 200_000 + b"}</style>"),
    "an image used 50,000 times": image_used_often,
    "9 large pages": many_pages(9),
}
LARGEST: dict[str, Callable[[], bytes]] = {
    "24 MB of text": text(b"\xe9&", 24 * MILLION, b"; charset=windows-1252"),
    "18 MB in one file": lambda: nasty.mixed(
        b"\nseen",
        b"Content-Type: image/png\nContent-Transfer-Encoding: base64\n\n"
        + base64.encodebytes(b"\x89PNG\xff" * (3 * MILLION + 600_000)),
    ),
}
# Each of them was the worst of its kind when they were all measured, or took the site down before it was bounded.
COSTLIEST = (
    *("half a million short lines of uuencode", "table cells", "end tags", "brackets in a style"),
    *("an image used 50,000 times", "hidden elements", "9 large pages", "24 MB of text"),
)
