"""The lean way to a summary says what the whole way says, and stands back where it might not."""

import pytest

from mailboxes.rules import parsing
from mailboxes.services.demo import everyday, hostile, languages
from tests import messages
from tests.benchmarks import letters

LETTERS = [
    *(each.raw for each in (*everyday.sign_ups(), *everyday.newsletters(), *everyday.files())),
    *(each.raw for each in (*hostile.letters(), *languages.letters())),
    *(messages.PLAIN, letters.letter(5_000).encode()),
]
BODY = b"Subject: s\nContent-Type: text/plain; charset=utf-8\n\nhello\n"


def shown(parsed: parsing.ParsedMessage) -> tuple[object, ...]:
    """What a summary is made of."""
    names = [attachment.filename for attachment in parsed.attachments]
    flags = (parsed.partial, parsed.unreadable)
    return (parsed.subject, parsed.sender, parsed.text, parsed.html, names, flags)


@pytest.fixture
def thorough(monkeypatch) -> list[bytes]:
    """The messages for which mail-parser was asked."""
    asked: list[bytes] = []
    original = parsing._by_mail_parser

    def ask(raw, limits):  # type: ignore[no-untyped-def]
        asked.append(raw)
        return original(raw, limits)

    monkeypatch.setattr(parsing, "_by_mail_parser", ask)
    return asked


@pytest.mark.parametrize("raw", LETTERS)
def test_both_ways_agree(raw: bytes) -> None:
    assert shown(parsing.outline(raw)) == shown(parsing.parse(raw))


def test_usual_mail_goes_the_lean_way(thorough) -> None:
    for raw in LETTERS:
        parsing.outline(raw)
    assert len(thorough) * 5 <= len(LETTERS)


@pytest.mark.parametrize(
    "sender",
    [
        b"Pete(A wonderful ) chap) <pete(his account)@silly.test(his host)>",
        b"A Group:Ed Jones <joe@where.test>,John <jdoe@one.test>;",
        b"<@machine.tld:mary@example.net>",
        b'"Joe \\"Q\\" Public" <joe@example.net>',
        b"a@one.test, b@two.test",
        b"nobody",
        b"",
    ],
)
def test_who_sent_it_is_left_to_mail_parser_where_readers_differ(thorough, sender: bytes) -> None:
    raw = b"From: " + sender + b"\n" + BODY
    lean = parsing.outline(raw)
    assert len(thorough) == 1
    assert shown(lean) == shown(parsing.parse(raw))


@pytest.mark.parametrize(
    "sender",
    [
        b"joe@example.net",
        b"<joe@example.net>",
        b'"Public, Joe" <joe@example.net>',
        b"Joe Q. Public <joe@example.net>",
        b"=?utf-8?q?J=C3=B6?= <joe@example.net>",
        b"J\xc3\xb6 <joe@example.net>",
        b"J\xf6 <joe@example.net>",
    ],
)
def test_who_sent_it_is_clear_otherwise(thorough, sender: bytes) -> None:
    raw = b"From: " + sender + b"\n" + BODY
    lean = parsing.outline(raw)
    assert not thorough
    assert shown(lean) == shown(parsing.parse(raw))


def test_a_message_without_a_body_is_looked_at_by_mail_parser(thorough) -> None:
    raw = b"From: a@b.test\nContent-Type: multipart/mixed; boundary=x\n\n--x--\n\n--x\n\nlate\n"
    assert shown(parsing.outline(raw)) == shown(parsing.parse(raw))
