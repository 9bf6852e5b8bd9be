"""Headers are read as people expect, whatever their senders did to them."""

import pytest

from mailboxes.rules import parsing


def subject(value: bytes, rest: bytes = b"") -> str:
    return parsing.parse(b"Subject: " + value + b"\n" + rest + b"\nbody").subject


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        (b"=?utf-8?B?SGVsbG8=?=", "Hello"),
        (b"=?UTF-8?q?caf=C3=A9_cr=C3=A8me?=", "café crème"),
        (b"=?utf-8*en?q?a?= =?utf-8?q?b?= c", "ab c"),
        (b"a =?utf-8?q?b?= c =?utf-8?q?d?=", "a b c d"),
        (b"=?utf-8?b?4oKs?= =?iso-8859-1?q?=A3?=", "€£"),
        (b"=?utf-8?q?what?now?=", "what?now"),
        (b"=?utf-8?q?has space?=", "has space"),
        (b"=?gb2312?b?6UY=?=", "镕"),
        (b"=?nonsense?q?plain?=", "plain"),
        (b"=?utf-8?b?broken", "=?utf-8?b?broken"),
        (b"one\n two\n\tthree", "one two three"),
        ("café".encode(), "café"),
        ("café".encode("latin-1"), "café"),
        (b"\x1b$BF|K\\8l\x1b(B", "日本語"),
        (b"a\x00b\x07c", "abc"),
        ("pay \u202efdp.exe\u2066 now".encode(), "pay fdp.exe now"),
        (b"=?utf-7?q?+2AA-?=", "\N{REPLACEMENT CHARACTER}"),
    ],
)
def test_a_subject_is_shown_as_it_was_meant(sent: bytes, shown: str) -> None:
    assert subject(sent) == shown


def test_words_that_split_a_character_are_joined_before_decoding() -> None:
    assert subject(b"=?utf-8?b?4g==?=\n =?utf-8?b?gqw=?=") == "€"


def test_a_raw_subject_is_read_in_the_charset_of_the_body() -> None:
    raw = "日本語".encode("shift_jis")
    assert subject(raw, b"Content-Type: text/plain; charset=Shift_JIS\n") == "日本語"


def test_of_repeated_subjects_the_first_that_is_not_blank_counts() -> None:
    assert parsing.parse(b"Subject:\nSubject: one\nSubject: two\n\n").subject == "one"


@pytest.mark.parametrize(
    ("sent", "name", "address"),
    [
        (b"Ann <ann@example.com>", "Ann", "ann@example.com"),
        (b'"Doe, Ann" <ann@example.com>', "Doe, Ann", "ann@example.com"),
        (b"=?utf-8?q?J=C3=B6rg?= <j@example.com>", "Jörg", "j@example.com"),
        (b"=?utf-8?b?4g==?= =?utf-8?b?gqw=?= <j@example.com>", "€", "j@example.com"),
        ("Jörg <j@example.com>".encode("latin-1"), "Jörg", "j@example.com"),
        ("Jörg <jörg@exämple.com>".encode(), "Jörg", "jörg@exämple.com"),
        (b"j@example.com (Jay)", "Jay", "j@example.com"),
        (b"j@example.com", "", "j@example.com"),
        (b"<j@example.com> <k@example.com>", "", "j@example.com"),
        (b"undisclosed-recipients:;", "", ""),
        (b"nobody at all", "nobody at all", ""),
        (b"a@b@example.com", "", "a@b"),
    ],
)
def test_a_sender_has_a_name_and_an_address(sent: bytes, name: str, address: str) -> None:
    assert parsing.parse(b"From: " + sent + b"\n\n").sender == parsing.Address(name, address)


def test_the_sender_header_stands_in_for_a_missing_from() -> None:
    assert parsing.parse(b"Sender: s@example.com\n\n").sender.address == "s@example.com"


def test_recipients_copies_and_replies_are_listed() -> None:
    raw = b"To: a@x.org, B <b@x.org>\nCc: Team: c@x.org;\nReply-To: d@x.org\n\n"
    parsed = parsing.parse(raw)
    assert [one.address for one in parsed.to] == ["a@x.org", "b@x.org"]
    assert [one.address for one in parsed.cc] == ["c@x.org"]
    assert parsed.reply_to == (parsing.Address("", "d@x.org"),)


def test_headers_are_kept_in_order_and_decoded() -> None:
    parsed = parsing.parse(b"Received: one\nX-A: =?utf-8?q?=C3=A9?=\nReceived: two\n\n")
    assert parsed.headers == (("Received", "one"), ("X-A", "é"), ("Received", "two"))


def test_date_and_message_id_stay_as_sent() -> None:
    parsed = parsing.parse(b"Date: yesterday\x00, maybe\nMessage-ID: <a@b>\n\n")
    assert (parsed.date, parsed.message_id) == ("yesterday, maybe", "<a@b>")


@pytest.mark.parametrize(
    "before",
    [
        b"\n",
        b"\r\n \t\r\n",
        b"\xef\xbb\xbf",
        b"Return-Path: <x@y>\nReceived: by mx\n\tfor <a@b>; now\n\n",
        b"Received: by mx\r\n\r\n\r\n",
    ],
)
def test_a_blank_line_before_the_headers_does_not_make_them_text(before: bytes) -> None:
    parsed = parsing.parse(before + b"Subject: seen\nFrom: a@b.org\n\nbody\n")
    assert parsed.subject == "seen"
    assert parsed.text == "body\n"


def test_a_body_below_trace_fields_stays_a_body() -> None:
    assert parsing.parse(b"Received: by mx\n\nHello: there\n").text == "Hello: there\n"


def test_a_message_without_any_header_is_text() -> None:
    assert parsing.parse(b"\njust text\n").text.strip() == "just text"


def test_an_empty_message_is_shown_empty() -> None:
    parsed = parsing.parse(b"")
    assert (parsed.text, parsed.headers, parsed.unreadable) == ("", (), False)
