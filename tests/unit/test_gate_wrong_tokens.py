"""Guessing tokens: only failures count, and above the limit no token is looked at."""

import asyncio

import pytest
from django.core.cache import cache
from django.test import AsyncClient, Client
from redis.exceptions import ConnectionError as RedisAway

from mailboxes.gate import limits
from mailboxes.services import api_keys, reading
from mailboxes.web import cookies
from tests.unit.web_visitors import inbox_url, visitor

pytestmark = pytest.mark.usefixtures("domain")
WRONG = "tmt_" + "A" * 43


@pytest.fixture(autouse=True)
def _three_wrong_tokens(monkeypatch):
    monkeypatch.setattr(limits, "_WRONG_TOKENS", "3/h")


def guess_cookie(owner):
    client = Client()
    client.cookies[cookies.name(owner.mailbox.public_id)] = WRONG
    return client.get(inbox_url(owner)).status_code


def guess_events(owner):
    client = Client()
    client.cookies[cookies.name(owner.mailbox.public_id)] = WRONG
    return client.get(inbox_url(owner) + "events").status_code


def guess_events_async(owner):
    client = AsyncClient()
    client.cookies[cookies.name(owner.mailbox.public_id)] = WRONG
    return asyncio.run(client.get(inbox_url(owner) + "events")).status_code


def guess_home(owner):
    client = Client()
    client.cookies[cookies.name(owner.mailbox.public_id)] = WRONG
    return client.get("/").status_code


def guess_form(owner):
    return Client().post("/open", {"token": WRONG}).status_code


def bearer(token):
    return {"headers": {"Authorization": f"Bearer {token}"}}


def guess_bearer(owner):
    return Client().delete("/api/emails/me", **bearer(WRONG)).status_code


def guess_bearer_async(owner):
    return Client().get("/api/emails/me", **bearer(WRONG)).status_code


def guess_api_key(owner):
    data = {"data": "{}", "content_type": "application/json"}
    return Client().post("/api/generate", **data, **bearer("tmk_wrong")).status_code


GUESSES = {
    guess_cookie: 404,
    guess_events: 404,
    guess_home: 200,
    guess_form: 422,
    guess_bearer: 401,
    guess_bearer_async: 401,
    guess_api_key: 401,
}


@pytest.mark.parametrize(
    ("guess", "status"), GUESSES.items(), ids=lambda each: getattr(each, "__name__", each)
)
@pytest.mark.django_db(transaction=True)
def test_the_fourth_wrong_token_is_a_429(owner, guess, status):
    assert [guess(owner) for _ in range(5)] == [status, status, status, 429, 429]


@pytest.mark.django_db(transaction=True)
def test_the_limit_holds_in_an_async_view_too(owner):
    assert [guess_events_async(owner) for _ in range(5)] == [404, 404, 404, 429, 429]


@pytest.mark.django_db(transaction=True)
def test_all_ways_count_together_and_above_the_limit_no_token_is_looked_at(owner, monkeypatch):
    for guess in (guess_cookie, guess_form, guess_bearer):
        guess(owner)

    def looked(*args, **kwargs):
        raise AssertionError

    for module, name in (
        (reading, "open_by_public_id"),
        (reading, "open_by_token"),
        (reading, "open_several"),
        (api_keys, "authenticate"),
    ):
        monkeypatch.setattr(module, name, looked)
    for guess in GUESSES:
        assert guess(owner) == 429


def test_the_429_says_when_to_come_back(owner):
    for _ in range(3):
        guess_form(owner)
    page = visitor(owner).get(inbox_url(owner))
    problem = Client().delete("/api/emails/me", **bearer(owner.token))
    assert (page.status_code, problem.status_code) == (429, 429)
    assert 0 < int(page["Retry-After"]) <= 3600
    assert 0 < int(problem["Retry-After"]) <= 3600
    assert problem.json()["code"] == "rate_limited"


def test_who_goes_on_guessing_slowly_is_cut_off_for_longer(owner, monkeypatch):
    monkeypatch.setattr(limits, "_WRONG_TOKENS", "1000/m")
    monkeypatch.setattr(limits, "_WRONG_TOKENS_LONG", "3/h")
    assert [guess_form(owner) for _ in range(5)] == [422, 422, 422, 429, 429]
    assert visitor(owner).get(inbox_url(owner)).status_code == 429


def test_right_tokens_and_missing_ones_do_not_count(owner):
    for _ in range(5):
        assert visitor(owner).get(inbox_url(owner)).status_code == 200
        assert Client().get(inbox_url(owner)).status_code == 404
        assert Client().delete("/api/emails/me", **bearer(owner.token)).status_code == 200
    assert guess_form(owner) == 422


def test_the_home_page_has_the_browser_forget_what_opens_nothing(owner, stranger):
    client = visitor(owner, stranger)
    name = cookies.name(stranger.mailbox.public_id)
    client.cookies[name] = WRONG
    for _ in range(5):
        page = client.get("/")
        assert page.status_code == 200
        assert owner.address in page.content.decode()
        if name in page.cookies:
            del client.cookies[name]  # what a browser does with a cookie of the past
            assert page.cookies[name]["max-age"] == 0
    assert client.get(inbox_url(owner)).status_code == 200


def test_another_network_goes_on_reading(owner):
    for _ in range(4):
        guess_form(owner)
    other = visitor(owner).get(inbox_url(owner), REMOTE_ADDR="192.0.2.77")
    assert other.status_code == 200


def test_without_redis_reading_goes_on_and_wrong_tokens_open_nothing(owner, monkeypatch):
    def away(*args, **kwargs):
        raise RedisAway

    for name in ("add", "get", "incr"):
        monkeypatch.setattr(cache, name, away)
    assert visitor(owner).get(inbox_url(owner)).status_code == 200
    assert [guess_form(owner) for _ in range(5)] == [422] * 5
