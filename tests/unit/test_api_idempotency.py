"""Idempotency-Key: a repeat gives the same address and token, and nothing is stored that leads to either."""

import hashlib
import json
from datetime import timedelta

import pytest
from django.test import Client, override_settings

from mailboxes.gate import limits
from mailboxes.models.access import ApiKey, IdempotencyRecord
from mailboxes.models.mailboxes import IssuedAddress, Mailbox
from mailboxes.rules import sealing
from mailboxes.services import api_keys, clock, creation, ending, idempotency, pause, retention
from tests.unit.problems import assert_problem

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("domain")]


@pytest.fixture
def key() -> str:
    return api_keys.issue(ApiKey(name="ci", may_choose_name=True))


@pytest.fixture
def generate(client: Client, key):
    """Create with an Idempotency-Key; the API key is one of its own unless another is given."""

    def call(idempotency_key: str, body: object = None, token: str | None = key):  # type: ignore[no-untyped-def]
        headers = {"Idempotency-Key": idempotency_key}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        data = json.dumps({} if body is None else body)
        answer = client.generic("POST", "/api/generate", data, "application/json", headers=headers)
        answer.data = json.loads(answer.content)
        return answer

    return call


def test_a_repeat_gives_the_same_address_and_token(api, generate):
    first, again = generate("one"), generate("one")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.data == again.data
    assert Mailbox.objects.count() == 1
    assert api("GET", f"emails/{first.data['address']}", again.data["token"]).status_code == 200
    assert again["Cache-Control"] == "no-store"


def test_other_keys_give_other_mailboxes(generate):
    stranger = api_keys.create("stranger")
    made = [generate("one"), generate("two"), generate("one", token=stranger)]
    assert len({each.data["token"] for each in made}) == 3
    assert len({each.data["address"] for each in made}) == 3


def test_a_field_that_is_null_is_one_that_is_left_out(generate):
    assert generate("one", {}).data == generate("one", {"domain": None, "captcha": "x"}).data


@pytest.mark.parametrize("body", [{"expires_in": 600}, {"domain": "tempmail.test"}])
def test_another_body_under_the_same_key_is_refused(generate, body):
    generate("one")
    assert_problem(generate("one", body), 422, "idempotency_key_reused")
    assert Mailbox.objects.count() == 1


@pytest.mark.parametrize("wrong", ["", " ", "a b", "x" * 256, "\u00e9", "a\tb", "one, two"])
def test_an_idempotency_key_is_visible_ascii(generate, wrong):
    assert_problem(generate(wrong), 422, "invalid")
    assert not Mailbox.objects.exists()


@pytest.mark.parametrize("right", ["!", "~" * 255, '"quoted"', "8e03978e-40d5-43dd-bc93-6894a57f9324"])  # fmt: skip
def test_every_visible_ascii_is_an_idempotency_key(generate, right):
    assert generate(right).status_code == 201


def test_without_an_api_key_there_is_no_idempotency_key(generate):
    assert_problem(generate("one", {"captcha": "x"}, token=None), 422, "invalid")
    assert not Mailbox.objects.exists()


def test_without_anything_it_is_unauthorized(generate):
    assert_problem(generate("one", token=None), 401, "unauthorized")


def test_a_repeat_after_the_end_says_that_it_has_ended(generate):
    generate("one")
    ending.end(Mailbox.objects.get())
    assert_problem(generate("one"), 410, "mailbox_ended")
    assert_problem(generate("one", {"expires_in": 600}), 422, "idempotency_key_reused")
    assert not Mailbox.objects.exists()


def test_a_repeat_of_a_frozen_mailbox_says_so(generate):
    generate("one")
    Mailbox.objects.update(frozen_at=clock.now())
    assert_problem(generate("one"), 403, "frozen")


@override_settings(CUSTOM_LOCAL_PARTS=True)
def test_what_is_refused_leaves_no_record(generate, monkeypatch):
    creation.create(local_part="chosen")
    assert_problem(generate("one", {"local_part": "chosen"}), 409, "address_taken")
    assert_problem(generate("one", {"domain": "not.ours"}), 409, "domain_unavailable")
    pause.pause()
    assert_problem(generate("one"), 503, "paused")
    pause.resume()
    assert not IdempotencyRecord.objects.exists()
    assert generate("one", {"local_part": "other"}).status_code == 201


def test_a_failure_half_way_leaves_neither_record_nor_address(generate, monkeypatch):
    def fail(*args, **kwargs):
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr(Mailbox.objects, "create", fail)
        assert generate("one").status_code == 500
    assert not IdempotencyRecord.objects.exists()
    assert not IssuedAddress.objects.exists()
    assert generate("one").status_code == 201


def test_a_repeat_that_did_not_see_the_first_gets_its_mailbox_too(generate, monkeypatch):
    """As when both are under way: neither finds a record, and the second one cannot write its own."""
    first = generate("one").data
    real, seen = idempotency.find, []
    monkeypatch.setattr(
        idempotency, "find", lambda attempt: real(attempt) if seen else seen.append(1)
    )
    assert generate("one").data == first
    seen.clear()
    assert_problem(generate("one", {"expires_in": 600}), 422, "idempotency_key_reused")
    assert Mailbox.objects.count() == 1
    assert IssuedAddress.objects.count() == 1


def test_repeats_are_not_creations_and_have_a_limit(generate, monkeypatch):
    monkeypatch.setattr(limits, "_REPEATS", "3/h")
    ApiKey.objects.update(creations_per_minute=1)
    assert [generate("one").status_code for _ in range(5)] == [201, 201, 201, 201, 429]
    assert_problem(generate("two"), 429, "rate_limited")


def test_a_revoked_key_repeats_nothing(generate):
    generate("one")
    ApiKey.objects.update(revoked_at=clock.now())
    assert_problem(generate("one"), 401, "unauthorized")


def test_after_a_day_the_record_is_gone_and_the_token_another(generate):
    first = generate("one").data
    retention.purge_records()
    assert IdempotencyRecord.objects.exists()
    IdempotencyRecord.objects.update(
        created_at=clock.now() - timedelta(seconds=idempotency.SECONDS + 1)
    )
    retention.purge_records()
    assert not IdempotencyRecord.objects.exists()
    assert generate("one").data["token"] != first["token"]


# --- what is stored ---


def stored() -> list[bytes]:
    """Every value of the record, as bytes."""
    (row,) = IdempotencyRecord.objects.values_list()
    return [bytes(value) for value in row if isinstance(value, bytes | memoryview)]


@override_settings(CUSTOM_LOCAL_PARTS=True)
def test_the_record_holds_neither_key_nor_token_nor_address_and_leads_to_no_mailbox(generate, key):
    made = generate("order-4711", {"local_part": "chosen"}).data
    (mailbox,) = Mailbox.objects.values().all()
    told = {
        "order-4711", key, made["token"], made["address"], "chosen", mailbox["public_id"],
    }  # fmt: skip
    secrets = [word.encode() for word in told] + [
        sealing.token_bytes(made["token"]),
        sealing.token_bytes(key, sealing.API_KEY_PREFIX),
        bytes(mailbox["public_key"]),
        bytes(mailbox["address_digest"]),
        bytes(ApiKey.objects.get().digest),
    ]
    for value in stored():
        assert len(value) == 16
        assert not any(value in secret or secret in value for secret in secrets)
    assert {field.name for field in IdempotencyRecord._meta.fields if field.is_relation} == set()


def test_its_time_does_not_tell_which_mailbox_it_was(generate):
    generate("one")
    record, mailbox = IdempotencyRecord.objects.get(), Mailbox.objects.get()
    assert record.created_at == record.created_at.replace(minute=0, second=0, microsecond=0)
    assert timedelta(0) < record.created_at - mailbox.created_at <= timedelta(hours=1)


def test_who_holds_the_database_cannot_test_a_guess_of_key_or_wish(generate, key):
    """Without the API key's secret a digest of the guess, however it is made, is not what is stored."""
    generate("guessable", {"expires_in": 600})
    wish = json.dumps({"domain": None, "lifetime": 600, "local_part": None}, sort_keys=True)
    known = bytes(ApiKey.objects.get().digest)
    for guess in (b"guessable", wish.encode(), b"guessable" + wish.encode()):
        for made in ({}, {"key": known}):
            digest = hashlib.blake2b(guess, digest_size=16, **made).digest()
            assert digest not in stored()


def test_equal_wishes_of_different_keys_look_unlike(generate):
    generate("one")
    generate("two")
    digests = {bytes(row.request_digest) for row in IdempotencyRecord.objects.all()}
    assert len(digests) == 2


def test_the_token_is_the_one_that_the_documents_describe(generate, key):
    made = generate("one").data
    salt = bytes(IdempotencyRecord.objects.get().salt)
    secret = sealing.token_bytes(key, sealing.API_KEY_PREFIX)
    derived = hashlib.blake2b(
        b"one", digest_size=32, key=secret, salt=salt, person=b"tempmail-idem-tk"
    )
    assert sealing.token_bytes(made["token"]) == derived.digest()
