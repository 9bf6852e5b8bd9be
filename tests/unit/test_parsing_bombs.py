"""Messages made to be expensive, and arbitrary bytes, end in something that can be shown."""

import os
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailboxes.rules import parsing, summary
from mailboxes.rules.mime import bounds

HEAD = b"From: a@b.org\nSubject: bomb\n"
MIXED = b"Content-Type: multipart/mixed; boundary="
OUT_OF_BOUNDS = {
    "nested multiparts": HEAD + b"".join(MIXED + b"b%d\n\n--b%d\n" % (i, i) for i in range(1000)),
    "nested messages": HEAD + b"Content-Type: message/rfc822\n\n" * 1000,
    "100,000 parts": HEAD + MIXED + b"b\n\n" + b"--b\n\n" * 100_000,
    "300,000 parts": HEAD + MIXED + b'"b"\n\n' + b"--b\n\n" * 300_000,
    "hidden boundary": HEAD + MIXED[:-1] + b"*0=b; boundary*1=c\n\n" + b"--bc\n\n" * 100_000,
    "status blocks": HEAD + b"Content-Type: message/delivery-status\n\n" + b"A: b\n\n" * 100_000,
    "1.8 MB of headers": HEAD + b"X-A: b\n" * 257_000 + b"\nbody",
    "headers of a part": HEAD + MIXED + b"b\n\n--b\n" + b"X-A: b\n" * 300_000 + b"\nbody\n--b--\n",
    "headers behind spaces": HEAD + b"X-A: b\n \n" + b"X-A: b\n" * 300_000 + b"\nbody",
    "odd boundary": HEAD + MIXED + b"<b\x1c\n\n" + b"--<b\n\n" * 100_000,
    "boundary with spaces": HEAD + MIXED + b"a b\n\n" + b"--a b\n\n" * 100_000,
    "one endless header": HEAD + b"X-A: " + b"b" * 1_800_000 + b"\n\nbody",
    "words without end": HEAD + b"X-A: " + b"=?a?q?b " * 30_000 + b"\n\nbody",
    "semicolons": HEAD + b'Content-Type: text/plain; a="' + b";" * 64_000 + b"\n\nbody",
    "blank lines": HEAD + b"\n" * 10_000_000,
}
WITHIN_BOUNDS = {
    "comments": HEAD + b"To: " + b"(((a@b," * 30_000 + b"\n\nseen",
    "quotes": HEAD + b"To: " + b'"' * 100_000 + b"\nX-A: " + b'"' * 100_000 + b"\n\nseen",
    "backslashes": HEAD + b'To: "' + b"\\" * 200_000 + b"\n\nseen",
    "at signs": HEAD + b"To: " + b"a@" * 100_000 + b"\n\nseen",
    "encoded words": HEAD + b"X-A: " + b"=?a?q??= " * 20_000 + b"\n\nseen",
    "dashes": HEAD + b"\nseen\n" + b"-- x\n" * 20_000,
    "nested multiparts": HEAD
    + b"".join(MIXED + b"b%d\n\n--b%d\n" % (i, i) for i in range(70))
    + b"\nseen",
}
HTML_BOMBS = {
    "comments": "seen" + "<!--" * 200_000,
    "open tags": "seen" + "<a " * 200_000,
    "open quotes": "seen" + '<a b="' * 200_000,
    "angle brackets": "seen" + "<" * 500_000,
    "deep": "seen" + "<div>" * 100_000,
    "references": "seen" + "&#" * 200_000,
    "scripts": "seen" + "<script>" * 100_000,
}


@pytest.mark.parametrize("name", OUT_OF_BOUNDS)
def test_beyond_the_bounds_only_headers_are_read(name: str) -> None:
    parsed = parsing.parse(OUT_OF_BOUNDS[name])
    assert parsed.partial
    assert parsed.subject == "bomb"
    assert parsed.sender.address == "a@b.org"


@pytest.mark.parametrize("name", WITHIN_BOUNDS)
def test_within_the_bounds_hostile_headers_are_survived(name: str) -> None:
    parsed = parsing.parse(WITHIN_BOUNDS[name])
    assert (parsed.partial, parsed.unreadable) == (False, False)
    assert "seen" in parsed.text


@pytest.mark.parametrize("name", HTML_BOMBS)
def test_hostile_html_still_gives_its_text(name: str) -> None:
    raw = b"Content-Type: text/html\n\n" + HTML_BOMBS[name].encode()
    assert parsing.parse(raw).text.startswith("seen")


def test_many_dashes_that_are_no_boundary_are_no_parts() -> None:
    raw = HEAD + MIXED + b"b\n\n--b\n\n" + b"--comment\n" * 50_000 + b"--b--\n"
    assert bounds.exceeded(raw, bounds.Limits()) == ""


def test_limits_are_the_callers() -> None:
    limits = bounds.Limits(parts=3)
    raw = HEAD + MIXED + b"b\n\n" + b"--b\n\nx\n" * 4 + b"--b--\n"
    assert parsing.parse(raw, limits).partial
    assert not parsing.parse(raw).partial


@pytest.fixture
def mail_parser_that(monkeypatch: pytest.MonkeyPatch) -> Callable[[type[Exception]], None]:
    def fails_with(error: type[Exception]) -> None:
        def fail(raw: bytes) -> None:
            raise error

        monkeypatch.setattr("mailparser.parse_from_bytes", fail)

    return fails_with


@pytest.mark.parametrize("error", [AttributeError, TypeError, RecursionError, LookupError])
def test_where_mail_parser_fails_the_tree_is_walked(
    mail_parser_that: Callable[[type[Exception]], None], error: type[Exception]
) -> None:
    mail_parser_that(error)
    parsed = parsing.parse(b"From: Ann <a@b.org>\nSubject: x\n\nseen")
    assert (parsed.sender, parsed.text) == (parsing.Address("Ann", "a@b.org"), "seen")


def test_where_everything_fails_the_headers_are_left(
    mail_parser_that: Callable[[type[Exception]], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    mail_parser_that(ValueError)
    monkeypatch.setattr("mailboxes.rules.mime.tree.read", None)
    parsed = parsing.parse(b"Subject: x\n\nbody")
    assert (parsed.subject, parsed.unreadable) == ("x", True)


@pytest.mark.parametrize("error", [MemoryError, TimeoutError])
def test_an_alarm_gets_through(
    mail_parser_that: Callable[[type[Exception]], None], error: type[Exception]
) -> None:
    mail_parser_that(error)
    with pytest.raises(error):
        parsing.parse(b"Subject: x\n\nbody")


def test_nothing_of_a_message_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("DEBUG"):
        parsing.parse(b"From: secret@b.org\nSubject: =?big5?b?zzz?=\nDate: x\n\nsecret")
    assert "secret" not in caplog.text


SNIPPETS = st.sampled_from(
    [
        *(b"From: ", b"Subject: ", b"To: ", b"Content-Type: ", b"Content-Disposition: "),
        *(
            b"multipart/mixed",
            b"multipart/alternative",
            b"message/rfc822",
            b"text/html",
            b"text/plain",
        ),
        *(
            b"; boundary=b",
            b"; charset=",
            b"utf-7",
            b"hz",
            b"iso-2022-jp",
            b'; filename*0*="',
            b"\n",
        ),
        *(
            b"\r\n",
            b"\n\n",
            b"\n--b\n",
            b"\n--b--\n",
            b"=?utf-8?q?",
            b"?=",
            b"<",
            b">",
            b'"',
            b"(",
            b",",
        ),
        *(b"@", b"\x00", b"\xff", b"\x1b$B", b"begin 644 a\n", b"=", b"message/delivery-status"),
        *(
            b"Content-Transfer-Encoding: base64\n",
            b"Content-Transfer-Encoding: x-uuencode\n",
            b"\r",
        ),
    ]
)
MESSAGES = st.lists(st.one_of(SNIPPETS, st.binary(max_size=20)), max_size=40).map(b"".join)


@settings(max_examples=150, deadline=None)
@given(MESSAGES)
def test_arbitrary_bytes_give_clean_text(raw: bytes) -> None:
    parsed = parsing.parse(raw)
    shown = [parsed.subject, parsed.sender.name, parsed.sender.address, parsed.date, parsed.text]
    shown += [attachment.filename for attachment in parsed.attachments]
    shown += [part for header in parsed.headers for part in header]
    "".join([*shown, parsed.html]).encode("utf-8")
    assert not any("\x00" in text or "\x1b" in text for text in shown)
    assert all(attachment.filename for attachment in parsed.attachments)
    assert summary.Summary.decode(summary.summarize(raw).encode()) == summary.summarize(raw)
    assert summary.Summary.of_unread(raw).unreadable


@pytest.mark.skipif("TEMPMAIL_CORPUS" not in os.environ, reason="TEMPMAIL_CORPUS is not set")
@settings(max_examples=100, deadline=None)
@given(st.data())
def test_a_mutated_real_message_gives_something(data: st.DataObject) -> None:
    raw = bytearray(data.draw(st.sampled_from(_corpus())))
    for _ in range(data.draw(st.integers(0, 5))):
        place = data.draw(st.integers(0, len(raw)))
        raw[place : place + data.draw(st.integers(0, 30))] = data.draw(st.binary(max_size=5))
    assert not parsing.parse(bytes(raw)).unreadable


def _corpus() -> list[bytes]:
    from pathlib import Path

    found = sorted(Path(os.environ["TEMPMAIL_CORPUS"]).glob("*/*"))
    return [path.read_bytes() for path in found if path.stat().st_size < 30_000]
