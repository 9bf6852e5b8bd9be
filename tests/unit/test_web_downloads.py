"""What is downloaded from a message runs nowhere, whatever it is called."""

import pytest

from mailboxes.rules import downloads
from tests import messages
from tests.unit.web_visitors import message_url, visitor

ATTACHMENTS = b"""From: a@example.org
Subject: Files
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/plain

See the files.
--b
Content-Type: text/html; name="evil.html"
Content-Disposition: attachment; filename="evil.html"

<script>alert(1)</script>
--b
Content-Type: image/svg+xml
Content-Disposition: attachment; filename*=UTF-8''%E5%9B%B3%20%22x%22.svg

<svg onload="alert(1)"/>
--b--
"""


@pytest.fixture
def sent(owner, deliver):
    deliver(owner.address, raw=ATTACHMENTS)
    return owner


def attachment(owner, index):
    url = message_url(owner).rstrip("/") + f"/attachments/{index}"
    return visitor(owner).get(url)


def assert_inert(response):
    assert response["Content-Type"] == "application/octet-stream"
    assert response["Content-Disposition"].startswith("attachment;")
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert response["Cache-Control"] == "no-store"


def test_an_attachment_is_its_bytes_and_never_shown(sent):
    response = attachment(sent, 1)
    assert b"<script>alert(1)</script>" in response.content
    assert_inert(response)
    assert 'filename="evil.html"' in response["Content-Disposition"]


def test_a_name_beyond_ascii_is_sent_twice(sent):
    header = attachment(sent, 2)["Content-Disposition"]
    assert "filename*=UTF-8''%E5%9B%B3" in header
    assert header.isascii()


PREVIEWED = b"""Subject: Files
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/html
Content-Disposition: attachment; filename="picture.html"
Content-Transfer-Encoding: base64

iVBORw0KGgo=
--b
Content-Type: text/plain
Content-Disposition: attachment; filename="a.txt"

<b>caf\xc3\xa9</b>
--b
Content-Type: image/svg+xml
Content-Disposition: attachment; filename="a.svg"

<svg onload="alert(1)"/>
--b
Content-Type: text/html
Content-Disposition: attachment; filename="a.txt"

hello
--b
Content-Type: application/pdf
Content-Disposition: attachment; filename="a.pdf"

%PDF-1.7
--b
Content-Type: image/png
Content-Disposition: attachment; filename="a.png"

<script>alert(1)</script>
--b--
"""


def preview(owner, index):
    return visitor(owner).get(message_url(owner).rstrip("/") + f"/attachments/{index}/preview")


def test_a_picture_is_previewed_as_what_its_bytes_are(owner, deliver):
    deliver(owner.address, raw=PREVIEWED)
    response = preview(owner, 1)
    assert response["Content-Type"] == "image/png"
    assert response["X-Content-Type-Options"] == "nosniff"
    policy = response["Content-Security-Policy"]
    assert policy == "sandbox; default-src 'none'; style-src 'unsafe-inline'"


def test_a_text_is_previewed_as_text(owner, deliver):
    deliver(owner.address, raw=PREVIEWED)
    response = preview(owner, 2)
    assert response.content.decode().strip() == "<b>café</b>"
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "sandbox; default-src 'none'"


@pytest.mark.parametrize("index", [3, 4, 5, 6, 7], ids=["svg", "html", "pdf", "fake", "none"])
def test_nothing_else_is_previewed(owner, deliver, index):
    deliver(owner.address, raw=PREVIEWED)
    assert preview(owner, index).status_code == 404


@pytest.mark.parametrize("index", ["0", "3", "999999999999999999999"])
def test_an_attachment_that_is_not_there_is_a_404(sent, index):
    assert attachment(sent, index).status_code == 404


def test_the_eml_is_the_message_as_it_came(owner, deliver):
    deliver(owner.address)
    response = visitor(owner).get(message_url(owner, "eml"))
    assert response.content.endswith(messages.PLAIN)
    assert_inert(response)
    assert ".eml" in response["Content-Disposition"]


def test_the_source_is_plain_text_whatever_it_holds(sent):
    response = visitor(sent).get(message_url(sent, "source"))
    assert b"<svg onload" in response.content
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "sandbox; default-src 'none'"


def test_downloading_does_not_mark_it_seen(sent):
    attachment(sent, 1)
    assert not sent.mailbox.messages.get().seen


@pytest.mark.parametrize(
    ("name", "fallback", "true_name"),
    [
        ("report.pdf", "report.pdf", "report.pdf"),
        ('a"b\\c.txt', "a_b_c.txt", "a_b_c.txt"),
        ("../../etc/passwd", "_.._etc_passwd", "_.._etc_passwd"),
        ("C:\\temp\\x.exe", "C__temp_x.exe", "C__temp_x.exe"),
        (".htaccess", "htaccess", "htaccess"),
        ("a\r\nSet-Cookie: x=1", "aSet-Cookie_ x=1".replace("=", "_"), "aSet-Cookie_%20x%3D1"),
        ("100%22.txt", "100_22.txt", "100%2522.txt"),
        ("\u202egpj.exe", "gpj.exe", "gpj.exe"),
        ("naïve.txt", "na_ve.txt", "na%C3%AFve.txt"),
        ("", "attachment", "attachment"),
        ("...", "attachment", "attachment"),
        ("\x00\x7f\u0085", "attachment", "attachment"),
    ],
)
def test_a_name_is_harmless_in_both_forms(name, fallback, true_name):
    expected = f"attachment; filename=\"{fallback}\"; filename*=UTF-8''{true_name}"
    assert downloads.disposition(name) == expected


def test_a_long_name_keeps_its_extension():
    header = downloads.disposition("x" * 5000 + ".pdf")
    assert len(header) < 1000
    assert header.endswith(".pdf")
