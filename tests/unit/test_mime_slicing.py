"""The tree by slicing is the one that the standard library's parser builds."""

import email
from email.message import Message
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailboxes.rules.mime import slicing
from mailboxes.services.demo import everyday, hostile, languages
from tests.benchmarks import letters

LETTERS = [
    *(each.raw for each in (*everyday.sign_ups(), *everyday.newsletters(), *everyday.files())),
    *(each.raw for each in (*hostile.letters(), *languages.letters())),
    letters.letter(20_000).encode(),
]
PIECES = [
    *(
        b"\n",
        b"\r\n",
        b"\r",
        b" ",
        b"\t",
        b"--x",
        b"--x--",
        b"--y",
        b"--y--",
        b"--xy",
        b"--",
        b"text",
    ),
    *(b"a: b", b":", b"From x", b"\xff\xe9", b"\x0b", b"\x1c", b"\x85", b"\0"),
    b"Content-Type: multipart/mixed; boundary=x",
    b"Content-Type: multipart/alternative; boundary=y",
    b"Content-Type: multipart/digest; boundary=x",
    b"Content-Type: multipart/mixed; boundary=",
    b"Content-Type: message/rfc822",
    b"Content-Type: message/delivery-status",
]
LINES = st.lists(st.sampled_from(PIECES).flatmap(lambda piece: st.just(piece + b"\n"))).map(
    b"".join
)
INSIDE = LINES.map(
    lambda lines: b"Content-Type: multipart/mixed; boundary=x\n\n--x\n" + lines + b"\n--x--\n"
)


def told(message: Message) -> tuple[Any, ...]:
    """All that a tree says."""
    payload = vars(message)["_payload"]
    below = [told(each) for each in payload] if isinstance(payload, list) else payload
    outside = (message.preamble, message.epilogue, message.get_unixfrom())
    return (list(message.raw_items()), outside, message.get_default_type(), below)


def both(raw: bytes) -> tuple[Any, Any]:
    return told(slicing.tree(raw)), told(email.message_from_bytes(raw))


@pytest.fixture
def left_over(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """What the parser was asked for."""
    asked: list[bytes] = []
    original = email.message_from_bytes

    def parse(raw: bytes) -> Message:
        asked.append(raw)
        return original(raw)

    monkeypatch.setattr(slicing.email, "message_from_bytes", parse)
    return asked


@pytest.mark.parametrize("raw", LETTERS)
@pytest.mark.parametrize("line_end", [b"\n", b"\r\n"])
def test_letters(raw: bytes, line_end: bytes) -> None:
    sliced, parsed = both(raw.replace(b"\r\n", b"\n").replace(b"\n", line_end))
    assert sliced == parsed


def test_usual_letters_are_sliced(left_over: list[bytes]) -> None:
    for raw in LETTERS:
        slicing.tree(raw)
    assert len(left_over) * 5 < len(LETTERS)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--x\n\none\n--x--",
        b"--x\n\none\n--x--\n",
        b"--x\n\none\n\n--x--\n\nbehind\n",
        b"before\n--x\nA: b\n c\n\none\n--x \t\n\ntwo\n--x--  \nbehind",
        b"\n--x\n\n--x--\n",
        b"--x\n\n--x\n\n\n--x--\n",
        b"--x\nA: b\n--x--\n",
        b"--x\n--x\n\none\n--x--\n",
        b"--x--\n--x\n\none\n--x--\n",
        b"--x\n\none\n--xy\n--x -\n--x--z\n",
        b"--x\n\none\n--x--\n--x\n\nlate\n--x--\n",
        b"--x\nContent-Type: multipart/mixed; boundary=y\n\n--y\n\none\n--y--\n--x--\n",
        b"--x\nContent-Type: multipart/mixed; boundary=y\n\n--y\n\none\n--y--\n\n\n--x--\n",
        b"--x\nContent-Type: multipart/mixed; boundary=y\n\n--y\n\none\n--x--\n",
        b"--x\nContent-Type: multipart/mixed; boundary=x\n\n--x\n\none\n--x--\n--x--\n",
        b"--x\nContent-Type: message/rfc822\n\nA: b\n\none\n--x--\n",
        b"--x\n\na\rb\n--x--\n",
    ],
)
@pytest.mark.parametrize("line_end", [b"\n", b"\r\n"])
def test_multiparts(body: bytes, line_end: bytes) -> None:
    raw = b"Content-Type: multipart/mixed; boundary=x\n\n" + body
    sliced, parsed = both(raw.replace(b"\n", line_end))
    assert sliced == parsed


@given(st.lists(st.sampled_from(PIECES)).map(b"".join) | LINES | INSIDE)
@settings(max_examples=500)
def test_anything(raw: bytes) -> None:
    sliced, parsed = both(raw)
    assert sliced == parsed


def test_a_header_block_without_end_costs_no_more_than_its_length() -> None:
    fields = b"A: b\n c\n" * 40_000
    sliced, parsed = both(fields + b"no field")
    assert sliced == parsed
