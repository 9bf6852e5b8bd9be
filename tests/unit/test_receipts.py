"""Receipts: genuine ones are known as such anywhere, changed ones nowhere."""

import base64
import json

import pytest
from django.test import Client
from nacl.signing import SigningKey

from mailboxes import checks
from mailboxes.rules import receipts as rules
from mailboxes.rules.receipts import Verdict
from mailboxes.services import receipts
from mailboxes.services.ending import Deleted

pytestmark = pytest.mark.django_db


@pytest.fixture
def receipt() -> dict:
    return receipts.deletion("abc@tempmail.test", receipts.MAILBOX_ENDED, Deleted(2, 1234))


def new_key() -> str:
    return base64.urlsafe_b64encode(bytes(SigningKey.generate())).decode()


def verdict(receipt: object) -> Verdict:
    return receipts.check(json.dumps(receipt)).verdict


def test_a_receipt_says_what_happened_and_what_it_cannot_prove(receipt, settings):
    stated = receipt["statement"]
    assert (stated["mailbox"], stated["messages"], stated["bytes"]) == (
        "abc@tempmail.test",
        2,
        1234,
    )
    assert stated["site"] == settings.SITE_URL
    assert "removed from the database" in stated["states"]
    assert "cannot show that no copy was made" in stated["limits"]


def test_the_signed_bytes_are_those_that_the_documentation_says():
    statement = {"b": 'ä\n"\\\u2028\x01/', "a": 1, "Z": ""}
    assert rules.canonical(statement) == '{"Z":"","a":1,"b":"ä\\n\\"\\\\\u2028\\u0001/"}'.encode()


def test_a_key_is_named_by_its_thumbprint():
    # the key and the thumbprint of RFC 8037, appendix A
    x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
    key = rules.VerifyKey(base64.urlsafe_b64decode(x + "="))
    assert rules.jwk(key)["x"] == x
    assert rules.jwk(key)["kid"] == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


def test_it_is_genuine_however_it_is_written(receipt):
    for text in (json.dumps(receipt, indent=8), json.dumps(receipt, ensure_ascii=False)):
        assert receipts.check(f"\n {text} ").verdict == Verdict.VALID


@pytest.mark.parametrize(
    ("name", "value"),
    [("messages", 1), ("mailbox", "abd@tempmail.test"), ("more", "x"), ("at", "")],
)
def test_a_changed_one_is_forged(receipt, name, value):
    receipt["statement"][name] = value
    assert verdict(receipt) == Verdict.FORGED


def test_a_member_left_out_is_noticed(receipt):
    del receipt["statement"]["limits"]
    assert verdict(receipt) == Verdict.FORGED


def test_one_of_somebody_else_is_not_ours(receipt, settings):
    settings.RECEIPT_KEY = new_key()
    assert verdict(receipt) == Verdict.UNKNOWN_KEY


def test_one_of_an_earlier_key_stays_genuine_and_its_key_published(receipt, settings):
    settings.RECEIPT_KEY_FALLBACKS = [settings.RECEIPT_KEY]
    settings.RECEIPT_KEY = new_key()
    assert verdict(receipt) == Verdict.VALID
    published = Client().get("/.well-known/tempmail-receipt-keys.json").json()["keys"]
    assert [key["kid"] for key in published][1] == receipt["statement"]["key_id"]
    fresh = receipts.deletion("x@tempmail.test", receipts.MAIL_DELETED, Deleted())
    assert fresh["statement"]["key_id"] == published[0]["kid"]


@pytest.mark.parametrize("value", ["", "x", "AAAA", "A" * 43])
def test_a_key_that_is_none_is_refused_before_anything_runs(settings, value):
    assert checks.receipts_can_be_signed(None) == []
    settings.RECEIPT_KEY_FALLBACKS = [value]
    assert [error.id for error in checks.receipts_can_be_signed(None)] == [checks.RECEIPT]


def test_nothing_private_is_published(settings):
    body = Client().get("/.well-known/tempmail-receipt-keys.json").content.decode()
    assert settings.RECEIPT_KEY.rstrip("=") not in body
    assert '"d"' not in body


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "null",
        "[]",
        "{}",
        "[" * 3999,
        '{"statement": {}, "signature": 1}',
        '{"statement": 1, "signature": "' + "A" * 86 + '"}',
        '{"statement": {"a": 1.5}, "signature": "' + "A" * 86 + '"}',
        '{"statement": {"a": {"b": 1}}, "signature": "' + "A" * 86 + '"}',
        '{"statement": {"a": "\\ud800"}, "signature": "' + "A" * 86 + '"}',
        '{"statement": {"a": 1' + "0" * 30 + '}, "signature": "' + "A" * 86 + '"}',
        '{"statement": {"a": 1, "a": 2}, "signature": "' + "A" * 86 + '"}',
        '{"statement": {"a": NaN}, "signature": "' + "A" * 86 + '"}',
        '{"statement": {}, "signature": "' + "\u00e4" * 86 + '"}',
        "x" * 5000,
    ],
)
def test_what_is_no_receipt_is_unreadable(text):
    assert receipts.check(text).verdict == Verdict.UNREADABLE


def test_two_members_of_one_name_are_refused_though_the_last_would_be_genuine(receipt):
    text = json.dumps(receipt).replace('"messages": 2', '"messages": 9, "messages": 2')
    assert receipts.check(text).verdict == Verdict.UNREADABLE


def test_another_signature_of_the_same_length_is_forged(receipt):
    receipt["signature"] = "A" * 86
    assert verdict(receipt) == Verdict.FORGED
