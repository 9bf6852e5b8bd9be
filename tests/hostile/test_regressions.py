"""What was found by the other tests in this folder and mended: one literal for each."""

import pytest

from mailboxes.rules import html_text, parsing, safe_html, summary
from mailboxes.rules.mime import words
from tests.hostile import bombs, nasty

HTML = b"Content-Type: text/html\n\n"


def test_css_with_thousands_of_digits_costs_the_style_and_not_the_page() -> None:
    digits = "1" * 5000
    assert "seen" in safe_html.clean(f"<style>a{{b:{digits}}}</style>seen", {}).html
    assert "seen" in safe_html.clean(f'<p style="width:f({digits})">seen</p>', {}).html


def test_an_image_is_written_out_only_as_often_as_there_is_room() -> None:
    image = "data:image/gif;base64," + "A" * 1_000_000
    shown = safe_html.clean('<img src="cid:x">' * 1000 + "seen", {"x": image}).html
    assert shown.count(image) == safe_html.SHOWN_IMAGES_CHARACTERS // len(image)
    assert "seen" in shown


@pytest.mark.parametrize(
    "markup", ["seen" + "</td>" * 150_000, "seen" + "<svg>" * 90_000 + "</math>" * 60_000]
)
def test_runs_of_spaces_and_hidden_elements_are_read_in_linear_time(markup: str) -> None:
    assert html_text.to_text(markup) == "seen"


def test_spaces_before_line_ends_vanish_as_before() -> None:
    assert html_text.to_text("<p>a </td></td><br> b</p>  <p> c") == "a\nb\n\nc"


def test_html_is_read_for_its_text_once_over_however_many_parts_it_is_in() -> None:
    parsed = parsing.parse(bombs.many_pages(9)())
    assert len(parsed.html) > 7_000_000
    assert len(parsed.text) < html_text.MAX_CHARACTERS


@pytest.mark.parametrize(
    ("encoded", "decoded"),
    [
        (b"=\nc2Vl\n=\nbg==", b"seen"),
        (b"c2Vl=bg==", b"seen"),
        (b"c2Vlbg==c2Vlbg==", b"seen"),
        (b"c2VlbiE", b"seen!"),
        (b"c2Vl\x00b*g", b"seen"),
        (b"====", b""),
        (b"Q", b""),
    ],
)
def test_padding_that_ends_nothing_does_not_end_base64(encoded: bytes, decoded: bytes) -> None:
    assert words.base64_bytes(encoded) == decoded


@pytest.mark.parametrize("body", [b"!!! ??? ...", b"=", b"A"])
def test_a_text_that_is_not_in_its_encoding_is_shown_as_it_is(body: bytes) -> None:
    assert parsing.parse(nasty.coded(body, b"base64")).text == body.decode()


def test_uuencode_in_lines_that_only_a_bomb_has_stays_as_it_is() -> None:
    body = b"begin 644 x\n" + b"!a\n" * 1_500_000 + b"end\n"
    assert parsing.parse(nasty.coded(body, b"x-uuencode")).text.startswith("begin 644 x")


def test_a_byte_order_mark_below_the_trace_fields_hides_no_header() -> None:
    raw = b"Return-Path: <>\nReceived: by mx\n\tid 1\n\xef\xbb\xbfSubject: x\nFrom: a@b.org\n\nseen"
    parsed = parsing.parse(raw)
    assert (parsed.subject, parsed.sender.address, parsed.text) == ("x", "a@b.org", "seen")


def test_text_beyond_the_bound_is_cut_and_said_to_be() -> None:
    parsed = parsing.parse(nasty.plain(b"x" * (parsing.TEXT_CHARACTERS + 1)))
    assert len(parsed.text) == parsing.TEXT_CHARACTERS
    assert parsed.text_is_cut
    assert not parsing.parse(nasty.plain(b"x")).text_is_cut


@pytest.mark.parametrize(
    ("markup", "blank"),
    [
        ("", True),
        ("<svg><text>seen</text></svg>", True),
        ("<style>a{color:red}</style> &nbsp;<div> </div><img>", True),
        ("<p>seen", False),
        ('<img src="cid:x">', False),
        ('<img alt="seen">', False),
        ('<img src="https://x.example/a.gif">', False),  # it is said that it was blocked
        ("<hr>", False),
    ],
)
def test_html_that_shows_nothing_is_told_from_html_that_does(markup: str, blank: bool) -> None:
    assert safe_html.clean(markup, {"x": "data:image/gif;base64,R0lG"}).is_blank == blank


def test_large_html_is_tried_by_whoever_summarizes(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(html: str, images: object) -> None:
        raise MemoryError

    monkeypatch.setattr(safe_html, "clean", fail)
    summary.summarize(HTML + b"seen")
    with pytest.raises(MemoryError):
        summary.summarize(HTML + b"seen" * 50_000)
