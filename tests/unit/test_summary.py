"""A summary is small, clean, and survives its own encoding."""

import json

import pytest

from mailboxes.rules import summary
from mailboxes.rules.summary import Summary

RAW = (
    b"From: =?utf-8?q?J=C3=B6rg?= <j@example.com>\nSubject: Your code\n"
    b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\nHello,\n\n482913 is your code.\n--b\n"
    b"Content-Type: application/pdf; name=a.pdf\n\nx\n--b--\n"
)


def test_a_summary_says_what_a_list_shows() -> None:
    assert summary.summarize(RAW) == Summary(
        sender_name="Jörg",
        sender_address="j@example.com",
        subject="Your code",
        preview="Hello, 482913 is your code.",
        codes=("482913",),
        attachment_names=("a.pdf",),
    )


def test_a_summary_survives_its_encoding() -> None:
    made = summary.summarize(RAW)
    assert Summary.decode(made.encode()) == made
    assert "Jörg".encode() in made.encode()


def test_a_summary_of_another_version_is_read() -> None:
    assert Summary.decode(b'{"subject":"x","colour":"red"}') == Summary(subject="x")


def test_confirmation_links_are_in_a_summary_also_where_only_the_html_has_them() -> None:
    markup = b'<a href="https://acme.example/verify?token=12345678">Verify your email address</a>'
    raw = (
        b"Subject: Verify your email\nContent-Type: multipart/alternative; boundary=b\n\n--b\n\n"
        b"See the HTML.\n--b\nContent-Type: text/html\n\n" + markup + b"\n--b--\n"
    )
    made = summary.summarize(raw)
    assert made.links == ("https://acme.example/verify?token=12345678",)
    assert Summary.decode(made.encode()) == made


@pytest.mark.parametrize("data", [b"", b"[]", b"\xff", b"null"])
def test_what_is_no_summary_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="not a summary"):
        Summary.decode(data)


def test_a_preview_is_one_bounded_line_without_links() -> None:
    text = "One\n\n<https://x.org/a?b=c> two\t-------- " + "word " * 100
    preview = summary.preview(text)
    assert preview.startswith("One two word word")
    assert len(preview) <= summary.PREVIEW_LENGTH
    assert preview.endswith("…")


def test_long_fields_are_cut() -> None:
    made = summary.summarize(
        b"From: " + b"n" * 5000 + b" <a@b.org>\nSubject: " + b"s" * 5000 + b"\n\n"
    )
    assert len(made.encode()) < 1500


def test_an_unread_message_is_summed_up_by_its_headers() -> None:
    made = Summary.of_unread(RAW)
    assert (made.sender_name, made.subject) == ("Jörg", "Your code")
    assert (made.partial, made.unreadable, made.preview) == (True, True, "")


@pytest.mark.parametrize("raw", [b"", b"\n", b"\xff" * 100_000, b"a:" * 1_000_000, b"\n" * 500_000])
def test_an_unread_message_may_be_anything(raw: bytes) -> None:
    assert Summary.of_unread(raw).unreadable


def test_strings_can_be_stored_anywhere() -> None:
    raw = b"From: a\x00b <a@b.org>\nSubject: =?utf-7?q?+2AA-?= \xe2\x80\xaefdp.exe\n\n\x00\x1b[0m"
    made = summary.summarize(raw)
    loaded = json.loads(made.encode())
    assert loaded["sender_name"] == "ab"
    assert loaded["subject"] == "\N{REPLACEMENT CHARACTER} fdp.exe"
    assert loaded["preview"] == "[0m"
