"""GET /api/domains, and an address's time: read and put off."""

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test import override_settings

from mailboxes.gate import limits
from mailboxes.models.domains import Domain
from mailboxes.models.mailboxes import Mailbox
from mailboxes.services import clock, domains, ending
from tests.unit.problems import assert_problem

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_domains_on_offer_are_listed_without_a_token(api, domain):
    for name, change in (("a.test", {"subdomains": "random"}), ("b.test", {"offered": False})):
        domains.add(name)
        Domain.objects.filter(name=name).update(**change)
    answer = api("GET", "domains")
    assert answer.status_code == 200
    assert answer.data == {
        "items": [
            {"name": "a.test", "subdomains": True},
            {"name": "tempmail.test", "subdomains": False},
        ]
    }


def test_looks_at_the_domains_are_limited(api, domain, monkeypatch):
    monkeypatch.setattr(limits, "_LOOKS_AT_DOMAINS", "1/h")
    assert api("GET", "domains").status_code == 200
    assert_problem(api("GET", "domains"), 429, "rate_limited")


def test_they_are_listed_while_nothing_can_be_counted(api, domain, monkeypatch):
    def away(*args, **kwargs):
        raise OSError

    monkeypatch.setattr(limits, "get_usage", away)
    assert api("GET", "domains").status_code == 200


def test_an_address_says_how_long_it_lives(api, owner):
    for path in ("me", owner.address):
        answer = api("GET", f"addresses/{path}", owner.token)
        assert answer.status_code == 200
        assert answer["Cache-Control"] == "no-store"
        assert set(answer.data) == {
            "address", "created_at", "expires_at", "max_expires_at", "receive_only",
        }  # fmt: skip
        assert answer.data["address"] == owner.address


def test_an_extension_puts_off_the_end_and_never_brings_it_nearer(api, owner):
    before = owner.mailbox.ends_at
    longer = api("PATCH", "addresses/me", owner.token, {"expires_in": 7200})
    assert longer.status_code == 200
    mailbox = Mailbox.objects.get()
    ends_at = datetime.fromisoformat(longer.data["expires_at"])
    assert ends_at == mailbox.ends_at.replace(microsecond=ends_at.microsecond)
    assert ends_at > before
    shorter = api("PATCH", f"addresses/{owner.address}", owner.token, {"expires_in": 600})
    assert shorter.data["expires_at"] == longer.data["expires_at"]


def test_no_extension_goes_past_the_latest_end(api, owner):
    Mailbox.objects.update(max_expires_at=clock.now() + timedelta(hours=2))
    answer = api("PATCH", "addresses/me", owner.token, {"expires_in": 172_800})
    assert answer.data["expires_at"] == answer.data["max_expires_at"]


@override_settings(INACTIVITY_LIFETIME=1800)
def test_after_an_extension_too_it_says_when_it_really_ends(api, owner):
    answer = api("PATCH", "addresses/me", owner.token, {"expires_in": 86_400})
    mailbox = Mailbox.objects.get()
    assert mailbox.ends_at < mailbox.expires_at
    assert answer.data["expires_at"][:19] == mailbox.ends_at.isoformat()[:19]


BAD = [{}, {"expires_in": 599}, {"expires_in": 172_801}, {"expires_in": None}, {"x": 1}, [], 600]


@pytest.mark.parametrize("body", BAD)
def test_a_wrong_extension_changes_nothing(api, owner, body):
    assert_problem(api("PATCH", "addresses/me", owner.token, body), 422, "invalid")
    assert Mailbox.objects.get().ends_at == owner.mailbox.ends_at


@override_settings(MAX_LIFETIME=7200)
def test_an_extension_that_this_site_does_not_give_is_refused(api, owner):
    answer = api("PATCH", "addresses/me", owner.token, {"expires_in": 86_400})
    assert_problem(answer, 422, "lifetime_out_of_bounds")


def test_a_token_tells_and_changes_nothing_of_another_address(api, owner, stranger):
    before = Mailbox.objects.get(pk=stranger.mailbox.pk).ends_at
    for address in (stranger.address, "never@tempmail.test", "rubbish", "%00"):
        assert_problem(api("GET", f"addresses/{address}", owner.token), 404, "not_found")
        body = {"expires_in": 86_400}
        assert_problem(api("PATCH", f"addresses/{address}", owner.token, body), 404, "not_found")
    assert Mailbox.objects.get(pk=stranger.mailbox.pk).ends_at == before


def test_what_has_ended_is_unknown(api, owner):
    ending.end(owner.mailbox)
    for method, body in (("GET", None), ("PATCH", {"expires_in": 600})):
        assert_problem(api(method, "addresses/me", owner.token, body), 401, "unauthorized")


def test_what_ends_during_an_extension_is_not_found(api, owner, monkeypatch):
    """Between the token and the change: the row is there, and over."""
    real = limits.check_change

    def end(*args, **kwargs):
        real(*args, **kwargs)
        ending.end(Mailbox.objects.get())

    monkeypatch.setattr(limits, "check_change", end)
    answer = api("PATCH", "addresses/me", owner.token, {"expires_in": 7200})
    assert_problem(answer, 404, "not_found")
    assert not connection.in_atomic_block


def test_a_frozen_address_is_told_and_not_changed(api, owner):
    Mailbox.objects.update(frozen_at=clock.now())
    for method, body in (("GET", None), ("PATCH", {"expires_in": 7200})):
        assert_problem(api(method, "addresses/me", owner.token, body), 403, "frozen")


def test_changes_of_one_mailbox_are_limited(api, owner, stranger, monkeypatch):
    monkeypatch.setattr(limits, "_CHANGES", "2/h")

    def change(token: str) -> int:
        return api("PATCH", "addresses/me", token, {"expires_in": 600}).status_code

    assert [change(owner.token) for _ in range(3)] == [200, 200, 429]
    assert change(stranger.token) == 200
