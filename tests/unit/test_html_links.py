"""Links in the HTML of a mail say where they go."""

import pytest

from mailboxes.rules import safe_html


def shown(markup: str) -> str:
    return safe_html.clean(markup, {}, goes_to="goes to {host}").html


@pytest.mark.parametrize(
    ("text", "href", "host"),
    [
        ("https://bank.example.com/login", "https://evil.example/x", "evil.example"),
        ("www.bank.com", "https://evil.example:8443/", "evil.example"),
        ("bank.com", "http://bank.com.evil.example", "bank.com.evil.example"),
        ("<b>bank</b>.com", "https://evil.example/", "evil.example"),
        ("bank.co.uk", "https://evil.co.uk/", "evil.co.uk"),
        ("Log in", "https://bank.com@evil.example/", "evil.example"),
        ("bank.com", "https://ev&#9;il.example/x", "evil.example"),
        ("bank.com", r"https://evil.example\@bank.com/", "evil.example"),
        ("&#98;ank.com", "https://evil.example/", "evil.example"),
    ],
)
def test_a_link_whose_text_names_another_host_is_marked(text: str, href: str, host: str) -> None:
    html = shown(f'<a href="{href}">{text}</a>')
    assert f"(goes to {host})</span></a>" in html
    assert "display:inline!important" in html


@pytest.mark.parametrize(
    ("text", "href"),
    [
        ("https://www.bank.com/login", "https://click.mail.bank.com/x"),
        ("bank.com", "https://bank.com/"),
        ("Log in to your bank", "https://anything.example/"),
        ("report.pdf", "https://files.example/report.pdf"),
        ("ann@bank.com", "https://files.example/"),
        ("ann@bank.com", "mailto:ann@bank.com"),
        ("", "https://files.example/"),
        ("see bank.com for more", "https://files.example/"),
    ],
)
def test_other_links_are_not(text: str, href: str) -> None:
    assert "goes to" not in shown(f'<a href="{href}">{text}</a>')


def test_the_title_of_a_link_is_its_target_whatever_the_sender_says() -> None:
    html = shown('<a title="https://bank.com" href="https://evil.example/?a=1&amp;b=%22">x</a>')
    assert 'title="https://evil.example/?a=1&amp;b=%22"' in html
    assert "title" not in shown('<a title="https://bank.com">x</a>')


def test_a_link_that_never_ends_or_holds_another_is_marked_once() -> None:
    html = shown('<a href="https://evil.example/">bank.com<a href="https://a.example">x</a>')
    assert html.count("goes to") == 1


def test_a_mail_full_of_such_links_loses_the_rest() -> None:
    html = shown('<a href="https://evil.example/">bank.com</a> ' * 2000)
    assert html.count("goes to") == html.count("href=") == 301
    assert html.count("bank.com") == 2000


def test_a_host_cannot_break_out_of_its_mark() -> None:
    html = shown("<a href='https://bank.com@\"><script>alert(1)</script>'>bank.com</a>")
    assert "<script" not in html


def test_a_mail_without_colours_of_its_own_is_told_from_one_with() -> None:
    assert not safe_html.clean("<p style='margin:0'>Hello <b>you</b></p>", {}).has_colours
    for markup in (
        "<p style='color:red'>x",
        "<body bgcolor=#fff>x",
        "<font color=blue>x</font>",
        "<style>p{background:#eee}</style>x",
    ):
        assert safe_html.clean(markup, {}).has_colours
