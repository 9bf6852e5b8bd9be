"""Signing in as an operator, as those try it who may not: guessing, replaying, fixing a session, coming back late."""

import re
import time

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django_otp.plugins.otp_totp.models import TOTPDevice

from mailboxes.gate import limits
from mailboxes.gate import operators as gate
from mailboxes.models.abuse import ModerationRecord
from mailboxes.rules.errors import Unavailable
from tests.unit.operators import PASSWORD, account, code_of, is_in, sign_in, signed_in, with_factor

pytestmark = pytest.mark.django_db
LOGIN, FACTOR, INDEX = "/admin/login/", "/admin/second-factor/", "/admin/"


@pytest.fixture(autouse=True)
def _many(settings):
    settings.SIGN_INS_PER_CLIENT = "1000/h"


# --- name, password, code ---


def test_name_and_password_suffice_where_nothing_more_is_asked():
    account("operator")
    client = Client()
    assert sign_in(client).status_code == 302
    assert is_in(client)


def test_whoever_has_a_second_factor_needs_it_and_everything_wrong_has_one_answer():
    user = with_factor()
    pages = [
        sign_in(Client(), code=""),
        sign_in(Client(), code="000000" if code_of(user) != "000000" else "111111"),
        sign_in(Client(), password="wrong", code=code_of(user)),
        sign_in(Client(), name="nobody-like-that"),
    ]
    errors = {re.search(rb'<p class="errornote".*?</p>', page.content, re.S)[0] for page in pages}
    assert len(errors) == 1
    assert all(page.status_code == 200 for page in pages)
    assert not Session.objects.exists()


def test_a_code_opens_once():
    user = with_factor()
    code = code_of(user)
    client = Client()
    assert sign_in(client, code=code).status_code == 302
    assert is_in(client)
    again = Client()
    assert sign_in(again, code=code).status_code == 200
    assert not is_in(again)


def test_codes_are_guessed_slower_and_slower_and_only_by_who_knows_the_password():
    user = with_factor()
    for code in ("000001", "000002", "000003"):
        sign_in(Client(), password="wrong", code=code)
    assert TOTPDevice.objects.get().throttling_failure_count == 0
    wrong = "000001" if code_of(user) != "000001" else "000002"
    sign_in(Client(), code=wrong)
    assert TOTPDevice.objects.get().throttling_failure_count == 1
    right = sign_in(Client(), code=code_of(user))  # within the second that a wrong one costs
    assert right.status_code == 200


@pytest.mark.parametrize("code", ["١٢٣٤٥٦", "+12345", " 1 2 ", "1_2345", "1e5", "9" * 32, "\x00"])
def test_what_is_no_code_opens_nothing(code):
    with_factor()
    client = Client()
    sign_in(client, code=code)
    assert not is_in(client)


def test_somebody_elses_code_opens_nothing():
    with_factor()
    other = with_factor("moderator")
    client = Client()
    sign_in(client, code=code_of(other))
    assert not is_in(client)


# --- slowly ---


def test_a_client_may_try_some_times_also_with_the_right_password(settings):
    settings.SIGN_INS_PER_CLIENT = "5/15m"
    account("operator")
    for number in range(5):
        assert sign_in(Client(), name=f"guess{number}", password="x").status_code == 200
    late = sign_in(Client())
    assert late.status_code == 429
    assert 0 < int(late["Retry-After"]) <= 15 * 60 + 5
    assert not Session.objects.exists()
    assert sign_in(Client(), REMOTE_ADDR="192.0.2.77").status_code == 302


def test_an_account_is_not_guessed_from_many_clients(monkeypatch):
    monkeypatch.setattr(limits, "_SIGN_INS_OF_ACCOUNT", "5/h")
    account("operator")
    answers = [
        sign_in(Client(), name=name, password="x", REMOTE_ADDR=f"192.0.2.{number}").status_code
        for number, name in enumerate(
            (
                "operator",
                "Operator",
                " operator",
                "\N{FULLWIDTH LATIN SMALL LETTER O}perator ",
                "operator",
                "operator",
            )
        )
    ]
    assert answers == [200] * 5 + [429]


def test_the_throttle_keeps_no_network_address(settings):
    from django.core.cache import cache

    sign_in(Client(), REMOTE_ADDR="192.0.2.99")
    assert "192.0.2.99" not in repr(cache._cache)
    assert "192.0.2.99" not in repr(list(ModerationRecord.objects.values()))


def test_nobody_signs_in_while_tries_cannot_be_counted(monkeypatch):
    def away(*arguments):
        raise Unavailable

    account("operator")
    client = signed_in(account("moderator"))
    monkeypatch.setattr(limits, "check_sign_in", away)
    assert sign_in(Client()).status_code == 503
    assert is_in(client)


# --- sessions ---


def test_signing_in_gives_a_new_session():
    account("operator")
    client = Client()
    client.cookies["admin"] = "f" * 32
    sign_in(client)
    assert client.cookies["admin"].value != "f" * 32
    assert not Session.objects.filter(session_key="f" * 32).exists()


def test_a_session_ends_after_its_day_however_busy(monkeypatch):
    client = signed_in(account("operator"))
    now = time.time()
    for hours in range(1, 12):
        monkeypatch.setattr(gate.time, "time", lambda at=now + hours * 3600: at)
        assert is_in(client)
    monkeypatch.setattr(gate.time, "time", lambda: now + gate.LONGEST_SESSION + 10)
    assert not is_in(client)
    assert not Session.objects.exists()


def test_a_session_that_is_used_lasts_longer_and_an_idle_one_does_not(monkeypatch, settings):
    client = signed_in(account("operator"))
    ends = Session.objects.get().expire_date
    assert settings.SESSION_COOKIE_AGE == 3600
    now = time.time()
    monkeypatch.setattr(gate.time, "time", lambda: now + 600)
    is_in(client)
    assert Session.objects.get().expire_date > ends
    Session.objects.update(expire_date=ends.replace(year=2020))
    assert not is_in(client)


def test_signing_out_ends_it_on_the_server():
    client = signed_in(account("operator"))
    assert client.get("/admin/logout/").status_code == 405
    key = client.cookies["admin"].value
    client.post("/admin/logout/")
    thief = Client()
    thief.cookies["admin"] = key
    assert not is_in(thief)


def test_an_account_that_is_switched_off_is_out_at_once():
    user = account("operator")
    client = signed_in(user)
    user.is_active = False
    user.save()
    assert not is_in(client)


def test_signing_in_leads_nowhere_else():
    account("operator")
    client = Client()
    answer = client.post(
        f"{LOGIN}?next=https://evil.example/",
        {"username": "operator", "password": PASSWORD, "next": "//evil.example"},
    )
    assert answer["Location"].startswith("/")
    assert not answer["Location"].startswith("//")


def test_signing_in_is_on_record():
    account("operator")
    sign_in(Client(), password="wrong")
    sign_in(Client())
    assert [record.actor for record in ModerationRecord.objects.filter(act="sign-in")] == [
        "operator"
    ]


def test_the_old_password_is_not_guessed_faster_by_who_has_taken_a_session(settings):
    settings.SIGN_INS_PER_CLIENT = "3/15m"
    client = signed_in(account("operator"))
    new = {"new_password1": "another long phrase", "new_password2": "another long phrase"}
    answers = [
        client.post("/admin/password_change/", {"old_password": f"guess {n}", **new}).status_code
        for n in range(4)
    ]
    assert answers == [200, 200, 200, 429]
