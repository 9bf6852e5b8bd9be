"""Trackers are told from images by what they are; what is there to be seen is none."""

import pytest

from mailboxes.rules import safe_html, trackers


@pytest.mark.parametrize(
    "img",
    [
        {"src": "https://x.example/a.gif", "width": "1", "height": "1"},
        {"src": "https://x.example/a.gif", "width": "1px", "height": "0"},
        {"src": "https://x.example/a.gif", "height": "0"},
        {"src": "//x.example/a.gif", "style": "display: none"},
        {"src": "https://x.example/a.gif", "style": "border:0;width:1px;height:1px"},
        {"src": "https://x.example/a.gif", "style": "opacity:0"},
        {"src": "https://x.example/a.gif", "style": "max-height:0px!important"},
        {"src": "https://mailtrack.io/trace/mail/abc.png"},
        {"src": "https://u1.ct.example/wf/open?upn=abc"},
        {"src": "https://shop.example/track/open.php?u=1", "width": "200"},
    ],
)
def test_an_image_that_nobody_sees_is_a_tracker(img: dict[str, str]) -> None:
    assert trackers.is_tracker(img)


@pytest.mark.parametrize(
    "img",
    [
        {"src": "https://x.example/logo.png", "width": "120", "height": "40"},
        {"src": "https://x.example/line.gif", "width": "600", "height": "1"},
        {"src": "https://x.example/a.gif", "width": "100%"},
        {"src": "https://x.example/a.gif", "style": "max-width:100%;height:auto"},
        {"src": "https://x.example/a.gif", "style": "width:1px solid"},
        {"src": "https://notmailtrack.io.example/a.png"},
        {"src": "https://x.example/open-house.jpg"},
        {"src": ""},
        {"src": "https://[x", "width": "9" * 5000},
    ],
)
def test_an_image_to_be_seen_is_none(img: dict[str, str]) -> None:
    assert not trackers.is_tracker(img)


def test_trackers_are_counted_with_their_hosts_beside_all_that_is_blocked() -> None:
    markup = (
        '<img src="https://A.example/p" width=1 height=1><img src="https://a.example/q" height=0>'
        '<img src="https://u:p@b.example:8/wf/open?x"><img src="https://c.example/photo.jpg">'
    )
    cleaned = safe_html.clean(markup, {})
    assert (cleaned.blocked, cleaned.trackers) == (4, 3)
    assert cleaned.tracker_hosts == ("a.example", "b.example")


def test_loading_images_leaves_trackers_and_styles_out() -> None:
    markup = (
        '<img src="https://a.example/p" width=1 height=1><img src="http://c.example/photo.jpg">'
        '<img src="//d.example/x.png"><p style="background:url(https://e.example/y)">z</p>'
        '<img src="ftp://f.example/"><img src="javascript:alert(1)"><table background="https://g.example/h">'
    )
    cleaned = safe_html.clean(markup, {}, remote_images=True)
    assert 'src="https://c.example/photo.jpg"' in cleaned.html
    assert 'src="https://d.example/x.png"' in cleaned.html
    for gone in ("a.example", "e.example", "f.example", "javascript", "http://"):
        assert gone not in cleaned.html
    assert (cleaned.blocked, cleaned.trackers) == (2, 1)
