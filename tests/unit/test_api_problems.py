"""What every refusal has: a stable code, the words of RFC 6750 for tokens, the fields of limits."""

import inspect
import re

import pytest
from django.test import Client, override_settings

from mailboxes.api import problems, rate_fields
from mailboxes.gate.limits import Usage
from mailboxes.rules import errors
from mailboxes.services import api_keys, reading
from tests.unit.problems import assert_problem

pytestmark = pytest.mark.django_db

# What operators alone run into.
INTERNAL = {"error", "invalid_network", "too_many_blocks", "seal_broken"}


def test_every_error_has_a_code_in_the_table():
    kinds = [each for _, each in inspect.getmembers(errors, inspect.isclass)]
    codes = {each.code for each in kinds if issubclass(each, errors.TempmailError)}
    assert codes - set(problems.CODES) == INTERNAL
    assert len({title for _status, title in problems.CODES.values()}) == len(problems.CODES)


def test_codes_are_words_and_statuses_those_of_errors():
    for code, (status, title) in problems.CODES.items():
        assert re.fullmatch("[a-z_]+", code)
        assert 400 <= status < 600
        assert title


def test_a_kind_of_an_error_is_answered_as_that_error(api, owner, monkeypatch):
    def wrong_key(token):
        raise errors.WrongKey

    monkeypatch.setattr(reading, "open_by_token", wrong_key)
    assert_problem(api("GET", "addresses/me", owner.token), 503, "unavailable")


def test_an_error_that_is_nobodys_doing_is_not_told(api, owner, monkeypatch, caplog):
    def broken(token):
        raise errors.SealBroken

    monkeypatch.setattr(reading, "open_by_token", broken)
    assert_problem(api("GET", "addresses/me", owner.token), 500, "server_error")
    assert "an exception in an API operation" in caplog.messages


UNKNOWN = ', error="invalid_token"'


@pytest.mark.parametrize(
    ("authorization", "more"),
    [
        (None, ""),
        ("", ""),
        ("Bearer", ""),
        ("Bearer  ", ""),
        ("Basic eDp5", ""),
        ("Bearer x", UNKNOWN),
        ("bearer tmt_x", UNKNOWN),
        ("Bearer tmt_" + "A" * 43, UNKNOWN),
        ("Bearer tmk_" + "A" * 43, UNKNOWN),
    ],
)
@pytest.mark.parametrize("path", ["addresses/me", "emails/me", "emails/x@tempmail.test"])
def test_401_says_what_rfc_6750_asks_for(client: Client, path, authorization, more):
    headers = {} if authorization is None else {"Authorization": authorization}
    answer = client.get(f"/api/{path}", headers=headers)
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == 'Bearer realm="tempmail"' + more


@pytest.mark.django_db(transaction=True)
def test_neither_token_nor_address_is_in_an_answer_or_a_log_that_refuses(api, owner, caplog):
    secret = "tmt_" + "B" * 43
    answers = [
        api("GET", "emails/secret.address@tempmail.test", secret),
        api("GET", "emails/secret.address@tempmail.test", owner.token),
        api("POST", "generate", secret, {"local_part": "secret.address"}),
        api("POST", "generate", api_keys.create("ci"), {"local_part": 7, "captcha": [secret]}),
        api("POST", "generate", None, {"captcha": {"x": secret}}),
        api("PATCH", "addresses/me", owner.token, {"expires_in": secret}),
    ]
    for answer in answers:
        assert answer.status_code >= 400
        for word in (secret, "secret.address", owner.token, owner.address):
            assert word not in answer.content.decode()
            assert word not in str(answer.headers)
            assert word not in caplog.text


@override_settings(DEBUG=True)
@pytest.mark.parametrize("path", ["addresses/me", "emails/me", "generate"])
def test_in_debug_too_no_credentials_are_logged(client: Client, caplog, path):
    headers = {"Authorization": "Basic c2VjcmV0OnNlY3JldA=="}
    method = client.post if path == "generate" else client.get
    assert method(f"/api/{path}", headers=headers).status_code == 401
    assert "c2VjcmV0" not in caplog.text


def test_limits_are_written_as_structured_fields():
    fields = rate_fields.fields(
        [Usage("creation", 30, 3600, 29, 12), Usage("waits", 2, 0, 1, 55), Usage("off", 0, 0, 0, 0)]
    )
    assert fields == {
        "RateLimit-Policy": '"creation";q=30;w=3600, "waits";q=2;qu="concurrent-requests"',
        "RateLimit": '"creation";r=29;t=12, "waits";r=1;t=55',
    }
    assert rate_fields.exceeded(errors.RateLimited(5)) == {}
