"""Reports and mail to the operator: opened for who may, as text, decided and deleted with a reason, and on record."""

import re

import pytest
from django.utils.html import escape

from mailboxes.models.abuse import AbuseReport
from mailboxes.models.messages import OperatorMessage
from mailboxes.services import abuse, operator_mail
from tests.unit import admin_pages
from tests.unit.operators import act, client_of, records, yes

pytestmark = pytest.mark.django_db


# --- reports ---


@pytest.fixture
def report(owner):
    words = abuse.Report(
        "fraud", f"about {owner.address}", "<b>They</b> asked.\nTwice.", "me@victim.example"
    )
    abuse.file(words)
    return AbuseReport.objects.get()


def url(report, what="change"):
    return f"/admin/mailboxes/abusereport/{report.pk}/{what}/"


def test_a_report_is_opened_with_its_mailbox_and_that_is_on_record_once(report, owner):
    client = client_of("moderator")
    for _ in range(2):
        text = client.get(url(report)).content.decode()
    assert escape("<b>They</b> asked.") in text
    assert owner.mailbox.public_id in text
    assert records() == [("read", report.reference, "", "moderator")]


def test_a_report_is_decided_with_a_reason_and_decided_anew(report):
    client = client_of("moderator")
    assert client.get(url(report, "decide")).status_code == 405
    client.post(url(report, "decide"), {"decision": "acted", "reason": ""})
    client.post(url(report, "decide"), {"decision": "burned", "reason": "x"})
    report.refresh_from_db()
    assert report.decision == ""
    client.post(url(report, "decide"), {"decision": "acted", "reason": "ended it"})
    client.post(url(report, "decide"), {"decision": "no-ground", "reason": "looked again"})
    assert abuse.status_of(report.reference).decision == "no-ground"
    decided = [each for each in records() if each[0] == "decide"]
    assert decided == [
        ("decide", report.reference, "ended it", "moderator"),
        ("decide", report.reference, "looked again", "moderator"),
    ]


def test_a_report_under_another_key_says_so(report, monkeypatch):
    from nacl.public import PrivateKey

    from mailboxes.services import keys

    monkeypatch.setattr(keys, "operator_private_key", PrivateKey.generate)
    assert "does not open" in client_of("moderator").get(url(report)).content.decode()
    assert records() == []


# --- mail to the operator ---


@pytest.fixture
def mail(owner):
    admin_pages.fill(owner.address)
    return OperatorMessage.objects.get()


def test_mail_to_the_operator_is_shown_as_text_and_loads_nothing(mail):
    client = client_of("operator")
    answer = client.get(f"/admin/mailboxes/operatormessage/{mail.pk}/change/")
    text = answer.content.decode()
    assert "Please look" in text
    assert "<script>alert" not in text
    assert not re.search(r"<(?:img|iframe|object|embed)", text)
    assert "img-src 'self' data:" in answer["Content-Security-Policy"]
    assert "Spam from your site" in client.get("/admin/mailboxes/operatormessage/").content.decode()


def test_it_is_given_as_a_file_that_no_browser_shows(mail):
    answer = client_of("operator").get(f"/admin/mailboxes/operatormessage/{mail.pk}/message.eml")
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer["Content-Security-Policy"]
    assert b"Subject: Spam from your site" in answer.content


def test_it_is_deleted_with_a_reason(mail):
    client = client_of("operator")
    act(client, "/admin/mailboxes/operatormessage/", "delete_mail", mail.pk, **yes("done"))
    assert not OperatorMessage.objects.exists()
    assert ("delete-mail", str(mail.pk), "done", "operator") in records()
    assert operator_mail.delete(mail) is False


def test_a_subject_is_text_in_the_list_and_on_its_page(mail, deliver):
    subject = "<b>bold</b><img src=x>"
    deliver(
        "postmaster@tempmail.test",
        raw=f"From: a@b.example\nSubject: {subject}\n\n<i>x</i>".encode(),
    )
    client = client_of("operator")
    newest = OperatorMessage.objects.first()
    for path in ("", f"{newest.pk}/change/"):
        text = client.get(f"/admin/mailboxes/operatormessage/{path}").content.decode()
        assert escape(subject) in text
        assert subject not in text
