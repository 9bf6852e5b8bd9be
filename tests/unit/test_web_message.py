"""The page of one message, and the frame in it."""

import pytest

from mailboxes.rules.summary import Summary
from mailboxes.services import intake
from mailboxes.services.parcels import Envelope
from tests import messages
from tests.unit.web_visitors import message_url, visitor

HTML = b"""From: Shop <shop@example.org>
To: you@tempmail.test
Subject: An offer
MIME-Version: 1.0
Content-Type: multipart/alternative; boundary=b

--b
Content-Type: text/plain

See https://example.org/offer?a=1&b=2.
--b
Content-Type: text/html

<h1>Offer</h1><script>alert(1)</script><img src="https://tracker.example/p.gif"><p onclick="x()">Buy</p>
--b--
"""


@pytest.fixture
def sent(owner, deliver):
    deliver(owner.address, raw=HTML)
    return owner


def page_of(owner, query="", name="message", nth=0):
    return visitor(owner).get(message_url(owner, name, nth) + query).content.decode()


def test_the_page_shows_the_html_in_a_sandboxed_frame_first(sent):
    page = page_of(sent)
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in page
    assert f'src="{message_url(sent, "frame")}"' in page
    assert "1 remote item was blocked" in page
    assert "<h1>Offer" not in page


def test_every_view_is_a_link_of_its_own(sent):
    page = page_of(sent)
    for view in ("html", "text", "headers", "source"):
        assert f'href="?view={view}"' in page


def test_the_text_view_has_links_that_tell_nothing(sent):
    page = page_of(sent, "?view=text")
    assert (
        '<a href="https://example.org/offer?a=1&amp;b=2" target="_blank" rel="noopener noreferrer nofollow">'
        in page
    )


def test_the_headers_and_the_source_are_shown_escaped(sent):
    assert "multipart/alternative" in page_of(sent, "?view=headers")
    source = page_of(sent, "?view=source")
    assert "&lt;script&gt;alert(1)" in source
    assert "<script>alert" not in source


def test_an_unknown_view_is_the_first_one(sent):
    assert "<iframe" in page_of(sent, "?view=nonsense")


def test_opening_marks_it_seen_but_the_frame_alone_does_not(sent):
    visitor(sent).get(message_url(sent, "frame"))
    assert not sent.mailbox.messages.get().seen
    page_of(sent)
    assert sent.mailbox.messages.get().seen


def test_the_frame_holds_cleaned_html_under_its_own_policy(sent):
    response = visitor(sent).get(message_url(sent, "frame"))
    page = response.content.decode()
    assert "Offer" in page
    for gone in ("<script", "tracker.example", "onclick"):
        assert gone not in page
    policy = {part.strip() for part in response["Content-Security-Policy"].split(";")}
    assert policy == {
        "default-src 'none'",
        "img-src 'self' data:",
        "style-src 'unsafe-inline'",
        "form-action 'none'",
        "base-uri 'none'",
        "frame-ancestors 'self'",
        "sandbox allow-popups allow-popups-to-escape-sandbox",
    }
    assert response["X-Frame-Options"] == "SAMEORIGIN"
    assert response["Referrer-Policy"] == "no-referrer"
    assert response["Cache-Control"] == "no-store"


def test_a_message_without_html_shows_its_text(owner, deliver):
    deliver(owner.address)
    page = page_of(owner)
    assert "this is the body" in page
    assert "<iframe" not in page


def test_neighbours_are_linked(owner, deliver):
    for n in range(3):
        deliver(owner.address, raw=messages.plain(f"Number {n}", received=str(n)), queue_id=str(n))
    page = page_of(owner, nth=1)
    assert message_url(owner, nth=0) in page
    assert message_url(owner, nth=2) in page


def test_a_message_that_could_not_be_read_says_so_and_shows_its_source(owner):
    raw = b"Subject: Poison\n\n<b>what came</b>\n"
    intake.store(Envelope("4Q", "", (owner.address,)), raw, summarize=Summary.of_unread)
    page = page_of(owner)
    assert "could not be read" in page
    assert "&lt;b&gt;what came" in page
    assert "<iframe" not in page


def test_a_message_beyond_the_bounds_says_so_and_shows_its_source(owner, deliver):
    deep = b"Subject: Deep\nContent-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\nx\n" * 20_000
    deliver(owner.address, raw=deep)
    page = page_of(owner)
    assert "goes beyond our limits" in page
    assert "Source" in page


def test_a_long_source_is_cut_with_a_link_to_the_whole(owner, deliver):
    deliver(owner.address, raw=messages.plain(body="line of text\n" * 20_000))
    page = page_of(owner, "?view=source")
    assert "only its beginning" in page
    assert message_url(owner, "source") in page


def test_nothing_at_all_is_still_a_page(owner, deliver):
    deliver(owner.address, raw=b"")
    page = page_of(owner)
    assert "(no subject)" in page
    assert "Unknown sender" in page
