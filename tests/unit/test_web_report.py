"""The report form: a receipt for everybody, the same whatever was reported, and nothing about who reported."""

import re

import pytest
from django.test import Client, override_settings

from mailboxes.gate import questions
from mailboxes.models.abuse import AbuseReport
from mailboxes.services import abuse
from mailboxes.web.report import ReportForm

pytestmark = pytest.mark.django_db

FILLED = {"kind": "fraud", "about": "", "text": "They wrote to me.", "contact": ""}


def reference_in(response) -> str:
    return response.context["reference"]


def test_a_report_leads_to_its_receipt_and_the_reference_is_in_no_url():
    client = Client()
    sent = client.post("/report", FILLED)
    assert sent.status_code == 303
    receipt = client.get(sent["Location"])
    reference = reference_in(receipt)
    assert reference not in sent["Location"]
    assert reference in receipt.content.decode()
    assert "no-store" in receipt["Cache-Control"]
    assert abuse.status_of(reference)


def test_the_receipt_is_for_the_browser_that_reported():
    Client().post("/report", FILLED)
    assert Client().get("/report/received").status_code == 302


def test_a_receipt_with_a_forged_reference_is_not_shown():
    client = Client()
    client.cookies["report"] = "abcd-efgh-jkmn-pqrs:1:forged"
    assert client.get("/report/received").status_code == 302


@override_settings(SECURE=True)
def test_the_receipts_cookie_is_short_and_bound_to_this_host():
    cookie = Client().post("/report", FILLED, secure=True).cookies["__Host-report"]
    assert cookie["path"] == "/"
    assert cookie["max-age"] == 600
    assert cookie["httponly"]
    assert cookie["secure"]


def test_the_answer_is_the_same_whether_the_address_exists_or_not(owner):
    pages = []
    for about in (owner.address, "never-given@tempmail.test", "x@example.org", ""):
        client = Client()
        client.post("/report", {**FILLED, "about": about})
        receipt = client.get("/report/received")
        pages.append(receipt.content.decode().replace(reference_in(receipt), ""))
    assert len(set(pages)) == 1


@pytest.mark.parametrize(
    "missing", [{"kind": ""}, {"text": ""}, {"kind": "nonsense"}, {"text": "x" * 5001}]
)
def test_what_is_missing_is_marked_and_nothing_is_stored(missing):
    response = Client().post("/report", {**FILLED, **missing})
    assert response.status_code == 422
    assert b'class="error"' in response.content
    assert not AbuseReport.objects.exists()


def test_every_kind_can_be_chosen():
    offered = dict(ReportForm.base_fields["kind"].choices)
    assert set(offered) - {""} == set(AbuseReport.Kind.values)


def test_the_sixth_report_in_an_hour_is_told_when_to_come_back():
    client = Client(REMOTE_ADDR="192.0.2.77")
    answers = [client.post("/report", FILLED).status_code for _ in range(6)]
    assert answers == [303] * 5 + [429]
    assert AbuseReport.objects.count() == 5


def test_while_too_many_are_open_it_says_so(monkeypatch):
    monkeypatch.setattr(abuse, "MAX_OPEN_REPORTS", 0)
    response = Client().post("/report", FILLED)
    assert response.status_code == 503
    assert b"cannot be taken right now" in response.content


def test_the_state_is_told_to_whoever_has_the_reference():
    reference = abuse.file(abuse.Report("fraud", "", "text"))
    client = Client()
    page = client.post("/report/status", {"reference": reference})
    assert page.status_code == 200
    assert b"has not decided yet" in page.content
    AbuseReport.objects.update(state="closed", decision="acted")
    page = client.post("/report/status", {"reference": reference})
    assert b"took action" in page.content


def test_an_unknown_reference_says_only_that():
    page = Client().post("/report/status", {"reference": "abcd-efgh-jkmn-pqrs"})
    assert page.status_code == 422
    assert b"no report with this reference" in page.content


@override_settings(CAPTCHA="altcha")
def test_without_a_solved_captcha_nothing_is_stored():
    response = Client().post("/report", FILLED)
    assert response.status_code == 422
    assert not AbuseReport.objects.exists()


@override_settings(CAPTCHA="altcha")
def test_the_form_works_without_javascript():
    page = Client().get("/report")
    assert b"<noscript>" in page.content
    assert b"captcha_answer" in page.content


@override_settings(CAPTCHA="altcha")
def test_whoever_answers_the_question_gets_a_receipt_once(monkeypatch):
    monkeypatch.setattr(questions, "_KINDS", (lambda: ("How much is it?", "42"),))
    client = Client()
    page = client.get("/report?question").content.decode()
    sealed = re.search(r'name="captcha_question"[^>]*value="([^"]+)"', page)[1]
    sent = {**FILLED, "captcha_question": sealed, "captcha_answer": "42"}
    assert client.post("/report", sent).status_code == 303
    assert client.post("/report", sent).status_code == 422
    assert AbuseReport.objects.count() == 1


def test_a_report_needs_the_forms_token():
    response = Client(enforce_csrf_checks=True).post("/report", FILLED)
    assert response.status_code == 403
    assert b"no longer valid" in response.content
