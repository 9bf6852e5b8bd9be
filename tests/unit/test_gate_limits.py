"""What is limited for each client, and what such a limit says."""

import asyncio

import pytest
from django.core.cache import cache
from django.test import AsyncClient, Client, RequestFactory
from redis.exceptions import ConnectionError as RedisAway

from mailboxes.gate import limits
from mailboxes.rules.errors import RateLimited, Unavailable
from mailboxes.web import cookies
from tests.unit.web_visitors import inbox_url, visitor

pytestmark = pytest.mark.usefixtures("domain")
OTHER = "192.0.2.77"


@pytest.fixture
def two_looks(monkeypatch):
    monkeypatch.setattr(limits, "_INBOX_CHECKS", "2/h")


@pytest.fixture
def redis_away(monkeypatch):
    def away(*args, **kwargs):
        raise RedisAway

    for name in ("add", "get", "incr"):
        monkeypatch.setattr(cache, name, away)


@pytest.mark.parametrize("what", ["", "list", "events"])
def test_looks_into_inboxes_are_counted_for_each_client(owner, two_looks, what):
    client, url = visitor(owner), inbox_url(owner) + what
    statuses = [client.get(url).status_code for _ in range(3)]
    assert statuses == [200, 200, 429]
    assert client.get(url, REMOTE_ADDR=OTHER).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_looks_are_counted_in_an_async_view_too(owner, two_looks):
    client = AsyncClient()
    client.cookies[cookies.name(owner.mailbox.public_id)] = owner.token
    for _ in range(2):
        assert visitor(owner).get(inbox_url(owner)).status_code == 200
    response = asyncio.run(client.get(inbox_url(owner) + "events"))
    assert response.status_code == 429
    assert int(response["Retry-After"]) > 0


def test_the_429_is_a_page_that_says_when_to_come_back(owner, two_looks):
    client = visitor(owner)
    for _ in range(3):
        response = client.get(inbox_url(owner))
    assert response.status_code == 429
    assert 0 < int(response["Retry-After"]) <= 3600
    assert response["Cache-Control"] == "no-store"
    assert b"<main" in response.content


def test_reports_are_counted_for_each_client(a_request):
    for _ in range(5):
        limits.check_report(a_request)
    with pytest.raises(RateLimited) as limited:
        limits.check_report(a_request)
    assert 0 < limited.value.retry_after <= 3600


@pytest.fixture
def a_request():
    return RequestFactory().post("/report", REMOTE_ADDR=OTHER)


@pytest.mark.parametrize(
    "check", [limits.check_report, limits.check_challenge, limits.check_captcha_attempt]
)
def test_what_cannot_be_counted_is_refused(a_request, redis_away, check):
    with pytest.raises(Unavailable):
        check(a_request)


def test_reading_goes_on_while_nothing_can_be_counted(owner, redis_away):
    for what in ("", "list", "events"):
        assert visitor(owner).get(inbox_url(owner) + what).status_code == 200
    assert Client().get("/").status_code == 200


def test_a_tenth_is_never_nothing():
    assert [limits._tenth(rate) for rate in ("30/h", "5/10m", "1/d", "109/s")] == [
        "3/h",
        "1/10m",
        "1/d",
        "10/s",
    ]
