"""Links in plain text."""

import pytest

from mailboxes.web.linkify import linkify


@pytest.mark.parametrize(
    ("text", "link"),
    [
        ("see https://a.example/b.", "https://a.example/b"),
        ("(https://a.example/b)", "https://a.example/b"),
        ("HTTP://A.example", "HTTP://A.example"),
        ("<https://a.example/?x=1&y=2>", "https://a.example/?x=1&amp;y=2"),
    ],
)
def test_a_web_address_becomes_a_link_without_what_follows_it(text, link):
    assert f'href="{link}"' in linkify(text)


@pytest.mark.parametrize(
    "text", ["javascript:alert(1)", "data:text/html,x", "ftp://x.example", "nothing", "https://"]
)
def test_nothing_else_becomes_a_link(text):
    assert "<a" not in linkify(text)


def test_everything_is_escaped():
    assert linkify('<b>"x"</b> https://a.example/"onclick=x') == (
        "&lt;b&gt;&quot;x&quot;&lt;/b&gt; "
        '<a href="https://a.example/" target="_blank" rel="noopener noreferrer nofollow">https://a.example/</a>'
        "&quot;onclick=x"
    )


def test_a_huge_text_comes_back_whole():
    text = "https://a.example/" + "x" * 500_000
    assert linkify(text).replace("</a>", "").endswith("x" * 1000)
