"""The page of one message, and the frame in it."""

import html
import re
import time

import pytest
from django.test import Client

from mailboxes.rules.summary import Summary
from mailboxes.services import intake
from mailboxes.services.parcels import Envelope
from mailboxes.web import frame
from tests import messages
from tests.unit.web_visitors import message_url, visitor

ATTACHED = b"""From: a@example.org
Subject: Files
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/plain

See the files.
--b
Content-Type: image/png
Content-Disposition: attachment; filename="a.png"
Content-Transfer-Encoding: base64

iVBORw0KGgo=
--b
Content-Type: application/pdf
Content-Disposition: attachment; filename="b.pdf.exe"

MZ
--b
Content-Type: text/plain
Content-Disposition: attachment; filename="c.txt"

hello
--b--
"""
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


WITH_TRACKERS = HTML.replace(
    b"<p onclick",
    b'<img src="https://open.example/o.gif" width=1 height=1><img src="https://open.example/2" height=0><p onclick',
)


def test_trackers_are_counted_and_named(owner, deliver):
    deliver(owner.address, raw=WITH_TRACKERS)
    page = page_of(owner)
    assert "2 trackers blocked" in page
    assert "open.example</li>" in page
    assert "1 remote item was blocked" in page


def images_frame(owner):
    """Ask for the images as the form does; return the URL of the frame that loads them."""
    response = visitor(owner).post(message_url(owner) + "?view=html")
    page = html.unescape(response.content.decode())
    return re.search(r'<iframe[^>]* src="([^"]+)"', page)[1], page


def test_images_are_loaded_for_one_view_by_a_form_that_says_what_it_costs(owner, deliver):
    deliver(owner.address, raw=WITH_TRACKERS)
    assert "see your network address" in page_of(owner)
    url, page = images_frame(owner)
    assert "2 trackers stay blocked" in page
    response = visitor(owner).get(url)
    policy = response["Content-Security-Policy"]
    assert policy == frame.POLICY.replace("img-src 'self' data:", "img-src 'self' data: https:")
    assert "https://tracker.example/p.gif" in response.content.decode()
    assert "open.example" not in response.content.decode()
    assert "?images" not in page_of(owner)


@pytest.mark.parametrize("query", ["?images=", "?images=1", "?images=" + "a" * 32 + ":x:y"])
def test_images_are_not_loaded_by_a_link(sent, query):
    response = visitor(sent).get(message_url(sent, "frame") + query)
    assert response["Content-Security-Policy"] == frame.POLICY
    assert "tracker.example" not in response.content.decode()


def test_a_pass_for_images_is_for_one_message_and_runs_out(owner, deliver, monkeypatch):
    for n in range(2):
        deliver(owner.address, raw=b"X-Number: %d\n" % n + HTML, queue_id=str(n))
    url, _page = images_frame(owner)
    query = url.partition("?")[2]
    other = visitor(owner).get(message_url(owner, "frame", 1) + "?" + query)
    assert other["Content-Security-Policy"] == frame.POLICY
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 61)
    assert visitor(owner).get(url)["Content-Security-Policy"] == frame.POLICY


def test_images_cannot_be_asked_for_from_another_site(sent):
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = visitor(sent).cookies
    assert strict.post(message_url(sent)).status_code == 403


def test_a_code_and_confirmation_links_stand_on_top_with_copy_and_open(owner, deliver):
    body = b"Your code is 482913.\n\nVerify your email: https://acme.example/verify?token=0123456789abcdef\n"
    deliver(owner.address, raw=b"Subject: Verify\n\n" + body)
    page = page_of(owner)
    head = page[: page.index('class="envelope"')]
    assert 'data-copy="482913"' in head
    assert 'data-copy="https://acme.example/verify?token=0123456789abcdef"' in head
    assert 'target="_blank" rel="noopener noreferrer nofollow"' in head


def test_attachments_are_shown_with_what_they_are_and_warnings(owner, deliver):
    deliver(owner.address, raw=ATTACHED)
    page = page_of(owner)
    assert "image/png" in page
    assert "This file is a program" in page
    assert page.count(">Preview</a>") == 2
    assert page.count('class="picture"') == 1


def test_the_headers_begin_with_the_useful_ones_and_the_way_of_the_message(owner, deliver):
    received = b"Received: from b.example (x [1.2.3.4]) by mx.example with SMTP; Mon, 1 Jan 2024 10:00:00 +0000\n"
    first = b"Received: from a.example by b.example; Mon, 1 Jan 2024 09:00:00 +0000\n"
    deliver(
        owner.address, raw=received + first + b"X-First: 1\nSubject: Way\nFrom: a@example.org\n\n"
    )
    page = page_of(owner, "?view=headers")
    assert (
        page.index("a@example.org</dd>")
        < page.index("a.example</bdi>")
        < page.index("b.example</bdi>")
    )
    assert page.index("Its way here") < page.index("All headers") < page.index("X-First")


def test_a_mail_without_colours_follows_the_scheme_of_the_visitor(owner, deliver):
    raw = b"Content-Type: text/html\n\n<p>Hello</p>"
    deliver(owner.address, raw=raw)
    assert "data-plain" in page_of(owner)
    assert 'content="light dark"' in page_of(owner, name="frame")


def test_a_mail_with_colours_stays_light(owner, deliver):
    deliver(owner.address, raw=b"Content-Type: text/html\n\n<p style='color:#000'>Hello</p>")
    assert "data-plain" not in page_of(owner)
    assert 'content="only light"' in page_of(owner, name="frame")


def test_without_milters_nothing_is_said_to_be_checked(owner, deliver):
    forged = b"Authentication-Results: mx.tempmail.test; dmarc=pass header.from=example.org\n"
    deliver(owner.address, raw=forged + messages.PLAIN)
    assert "Not checked" in page_of(owner)


@pytest.mark.parametrize(
    ("result", "words"),
    [
        ("pass", "example.org confirms that it sent this mail."),
        ("fail", "example.org does not confirm this mail"),
        ("none", "does not say whether it sent this mail"),
    ],
)
def test_what_our_milters_found_is_said_in_words(owner, deliver, settings, result, words):
    settings.SMTPD_MILTERS, settings.AUTHSERV_ID = "inet:127.0.0.1:1", "mx.tempmail.test"
    ours = f"Authentication-Results: mx.tempmail.test; spf=softfail; dmarc={result} header.from=example.org\n"
    deliver(owner.address, raw=ours.encode() + messages.PLAIN)
    page = page_of(owner)
    assert words in page
    assert "SPF failed" in page


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
