"""The pages of receipts: given after deleting, taken home, checked again, without JavaScript and without a trace."""

import html
import json
import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from mailboxes.rules.receipts import Verdict
from mailboxes.services import reading, receipts
from mailboxes.web import receipt as pages
from tests.unit.web_visitors import visitor

pytestmark = pytest.mark.django_db


def do(client, owner, name):
    return client.post(reverse(f"web:{name}", args=[owner.mailbox.public_id]), {"confirm": "yes"})


def test_ending_an_address_gives_a_receipt_that_can_be_loaded_again(owner, deliver):
    deliver(owner.address)
    client = visitor(owner)
    shown = client.get(do(client, owner, "end")["Location"])
    page = html.unescape(shown.content.decode())
    assert "This address has ended" in page
    assert owner.address in page
    assert "1 message," in page
    assert "no-store" in shown["Cache-Control"]
    again = client.get("/receipt/yours").content.decode()
    assert owner.address in html.unescape(again)


def test_the_file_is_a_genuine_receipt(owner, deliver):
    deliver(owner.address)
    client = visitor(owner)
    do(client, owner, "end")
    response = client.get("/receipt/yours.json")
    assert response["Content-Type"] == "application/json"
    assert 'filename="receipt.json"' in response["Content-Disposition"]
    checked = receipts.check(response.content.decode())
    assert checked.verdict == Verdict.VALID
    assert checked.statement["mailbox"] == owner.address
    assert checked.statement["action"] == "mailbox-ended"


def test_deleting_all_offers_a_receipt_and_stays_in_the_inbox(owner, deliver):
    deliver(owner.address)
    client = visitor(owner)
    response = do(client, owner, "delete-all")
    assert 'href="/receipt/yours"' in client.get(response["Location"]).content.decode()
    page = client.get("/receipt/yours").content.decode()
    assert "All messages are deleted" in page
    assert reading.open_by_token(owner.token)


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(owner, settings):
    client = visitor(owner)
    morsel = do(client, owner, "end").cookies["receipt"]
    assert morsel["httponly"]
    assert morsel["samesite"] == "Lax"
    assert morsel["path"] == "/"
    assert morsel["max-age"] == pages.KEPT_SECONDS
    assert len(morsel.OutputString()) < 4096
    settings.SECURE = True
    assert pages.cookie_name() == "__Host-receipt"


@pytest.mark.parametrize("value", ["", "x", "bnVsbA==", "e30=", "\u00e4", "W1tb" * 900])
def test_without_a_genuine_receipt_there_is_nothing_to_show(value):
    client = Client()
    client.cookies["receipt"] = value
    for path in ("/receipt/yours", "/receipt/yours.json"):
        response = client.get(path)
        assert (response.status_code, response["Location"]) == (302, "/receipt")


def test_a_pasted_receipt_is_checked_without_a_query(owner):
    client = visitor(owner)
    do(client, owner, "end")
    text = client.get("/receipt/yours.json").content.decode()
    with CaptureQueriesContext(connection) as queries:
        page = Client().post("/receipt", {"receipt": text}).content.decode()
    assert "Genuine." in page
    assert owner.address in page
    assert len(queries) == 0


def test_a_changed_one_and_a_foreign_one_are_told_apart_from_rubbish(owner, settings):
    client = visitor(owner)
    do(client, owner, "end")
    receipt = json.loads(client.get("/receipt/yours.json").content)
    receipt["statement"]["messages"] = 7
    forged = Client().post("/receipt", {"receipt": json.dumps(receipt)}).content.decode()
    assert "Not genuine" in forged
    receipt["statement"]["key_id"] = "x"
    foreign = Client().post("/receipt", {"receipt": json.dumps(receipt)}).content.decode()
    assert "Not from here" in foreign
    assert "This is not a receipt" in Client().post("/receipt", {"receipt": "x"}).content.decode()
    assert Client().post("/receipt", {"receipt": ""}).status_code == 422
    assert Client().post("/receipt", {"receipt": "x" * 5000}).status_code == 422


def test_what_is_pasted_is_shown_as_text(owner):
    page = Client().post("/receipt", {"receipt": "</textarea><script>alert(1)</script>"})
    assert "<script>alert" not in page.content.decode()


def test_the_form_of_the_page_works_with_its_token(owner):
    client = Client(enforce_csrf_checks=True)
    page = client.get("/receipt").content.decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)[1]
    posted = client.post("/receipt", {"receipt": "x", "csrfmiddlewaretoken": token})
    assert posted.status_code == 200
    assert client.post("/receipt", {"receipt": "x"}).status_code == 403
