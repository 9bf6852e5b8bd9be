"""One message through the API: what it says of itself, its bytes, its attachments, its end."""

import hashlib
import json
import uuid

import pytest
from django.conf import settings
from django.test import Client

from mailboxes.models.messages import Message, MessageSource
from tests import messages
from tests.unit.problems import assert_problem

pytestmark = pytest.mark.django_db(transaction=True)

PNG = b"\x89PNG\r\n\x1a\n rest"
MIXED = (
    b"Received: by mx.tempmail.test (Postfix) with ESMTP id 1\nFrom: a@example.org\n"
    b"Subject: Confirm your address\nMIME-Version: 1.0\n"
    b"Content-Type: multipart/mixed; boundary=b\n\n"
    b"--b\nContent-Type: text/html\n\n"
    b'<p>Your code is 482913. <a href="https://shop.example/verify?token=0123456789abcdef">Confirm your <b>email'
    b" address</b></a>"
    b' or read <a href="https://shop.example/help?a=1&amp;b=2">our help</a>.<script>alert(1)</script></p>\n'
    b'--b\nContent-Type: text/html; name="../evil\\".html"\nContent-Disposition: attachment\n\n<script>1</script>\n'
    b'--b\nContent-Type: application/octet-stream; name="logo.pdf"\nContent-Disposition: attachment\n\n'
    + PNG
    + b"\n--b\nContent-Type: text/plain\nContent-Disposition: attachment\n\n\n--b--\n"
)


@pytest.fixture
def mixed(owner, deliver):
    """The id of a message with two links and three attachments."""
    deliver(owner.address, raw=MIXED)
    return Message.objects.get().id


def test_links_are_listed_with_their_texts_and_the_confirmation_is_told(api, owner, mixed) -> None:
    links = api("GET", f"email/{mixed}", owner.token).data["links"]
    assert links == [
        {
            "url": "https://shop.example/verify?token=0123456789abcdef",
            "text": "Confirm your email address",
            "confirmation": True,
        },
        {
            "url": "https://shop.example/help?a=1&b=2",
            "text": "our help",
            "confirmation": False,
        },
    ]


def test_codes_are_listed(api, owner, mixed) -> None:
    assert api("GET", f"email/{mixed}", owner.token).data["codes"] == ["482913"]


def test_attachments_say_what_they_claim_and_what_their_bytes_tell(api, owner, mixed) -> None:
    page, logo, empty = api("GET", f"email/{mixed}", owner.token).data["attachments"]
    assert (page["declared_type"], page["detected_type"]) == ("text/html", "text/html")
    assert (logo["filename"], logo["declared_type"]) == ("logo.pdf", "application/octet-stream")
    assert logo["detected_type"] == "image/png"
    assert logo["size"] == len(PNG)
    assert logo["sha256"] == hashlib.sha256(PNG).hexdigest()
    assert (empty["detected_type"], empty["size"]) == (None, 0)
    assert logo["url"] == f"{settings.SITE_URL}/api/email/{mixed}/attachments/2"


def test_the_bytes_of_an_attachment_come_as_something_to_be_saved(
    client: Client, owner, mixed
) -> None:
    response = client.get(
        f"/api/email/{mixed}/attachments/1", headers={"Authorization": f"Bearer {owner.token}"}
    )
    assert (response.status_code, response.content) == (200, b"<script>1</script>")
    assert response["Content-Type"] == "application/octet-stream"
    assert response["Content-Disposition"].startswith("attachment; filename=")
    assert "/" not in response["Content-Disposition"]
    assert response["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Cache-Control"] == "no-store"


@pytest.mark.parametrize("n", ["0", "4", "-1", "x", "1.0", "9" * 30, "1/"])
def test_an_attachment_that_is_not_there_is_not_found(api, owner, mixed, n: str) -> None:
    assert_problem(api("GET", f"email/{mixed}/attachments/{n}", owner.token), 404, "not_found")


def test_the_source_is_the_message_byte_by_byte(client: Client, owner, mixed) -> None:
    response = client.get(
        f"/api/email/{mixed}/raw", headers={"Authorization": f"Bearer {owner.token}"}
    )
    assert response.content.endswith(MIXED)
    assert response["Content-Type"] == "message/rfc822"
    assert response["Content-Security-Policy"] == "sandbox; default-src 'none'"


def test_neither_source_nor_attachment_marks_a_message_seen(api, owner, mixed) -> None:
    for path in ("raw", "attachments/1"):
        assert api("GET", f"email/{mixed}/{path}", owner.token).status_code == 200
    assert not Message.objects.get().seen


def test_a_message_is_seen_by_reading_it_unless_that_is_not_wanted(api, owner, mixed) -> None:
    path = f"email/{mixed}"
    assert api("GET", f"{path}?mark_seen=false", owner.token).data["seen"] is False
    assert not Message.objects.get().seen
    assert api("GET", path, owner.token).data["seen"] is True
    assert Message.objects.get().seen
    assert api("GET", f"{path}?mark_seen=false", owner.token).data["seen"] is True


def test_one_message_is_deleted_with_its_source_and_the_others_stay(
    api, owner, mixed, deliver
) -> None:
    deliver(owner.address)
    response = api("DELETE", f"email/{mixed}", owner.token)
    assert (response.status_code, response.content) == (204, b"")
    assert Message.objects.count() == MessageSource.objects.count() == 1
    assert api("GET", "emails/me", owner.token).data["total"] == 1
    assert_problem(api("DELETE", f"email/{mixed}", owner.token), 404, "not_found")


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", ""), ("GET", "/raw"), ("GET", "/attachments/1"), ("DELETE", "")],
)
def test_another_token_finds_and_deletes_nothing(
    api, owner, stranger, mixed, method: str, path: str
) -> None:
    foreign = api(method, f"email/{mixed}{path}", stranger.token)
    absent = api(method, f"email/{uuid.uuid4()}{path}", stranger.token)
    assert_problem(foreign, 404, "not_found")
    assert foreign.content == absent.content
    assert Message.objects.count() == 1


def test_what_our_milters_found_is_told_by_method(api, owner, deliver, settings) -> None:
    settings.SMTPD_MILTERS, settings.AUTHSERV_ID = "inet:127.0.0.1:1", "mx.tempmail.test"
    checked = (
        b"Authentication-Results: mx.tempmail.test; spf=pass smtp.mailfrom=example.org;\n"
        b" dkim=fail header.d=example.net\n"
    )
    deliver(owner.address, raw=checked + messages.PLAIN)
    (item,) = api("GET", "emails/me", owner.token).data["items"]
    assert item["auth"] == {
        "spf": {"result": "pass", "domain": "example.org"},
        "dkim": {"result": "fail", "domain": "example.net"},
        "dmarc": None,
    }


def test_a_message_of_no_use_at_all_is_answered_too(api, owner, deliver) -> None:
    deliver(owner.address, raw=b"\x00\xff\xfe\r\r\n\n\n" + bytes(range(256)) * 20)
    message_id = Message.objects.get().id
    response = api("GET", f"email/{message_id}", owner.token)
    assert response.status_code == 200
    assert json.loads(response.content)["attachments"] == []
