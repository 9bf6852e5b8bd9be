"""How many calls the token of one mailbox is good for."""

import pytest
from redis.exceptions import RedisError

from mailboxes.gate import limits
from tests.unit.problems import assert_problem

pytestmark = pytest.mark.django_db(transaction=True)


def test_each_mailbox_has_a_limit_of_its_own(api, owner, stranger, settings) -> None:
    settings.API_CALLS_PER_MAILBOX = "2/h"
    for path in ("emails/me", "addresses/me"):
        assert api("GET", path, owner.token).status_code == 200
    refused = api("DELETE", "emails/me", owner.token)
    assert_problem(refused, 429, "rate_limited")
    assert int(refused["Retry-After"]) > 0
    assert "q=2;w=3600" in refused["RateLimit-Policy"]
    assert api("GET", "emails/me", stranger.token).status_code == 200


def test_reading_goes_on_when_redis_is_away(api, owner, monkeypatch) -> None:
    def fail(*args: object, **more: object) -> None:
        raise RedisError

    monkeypatch.setattr(limits, "get_usage", fail)
    assert api("GET", "emails/me", owner.token).status_code == 200
