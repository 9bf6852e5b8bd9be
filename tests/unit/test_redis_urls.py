"""What a REDIS_URL names, and that all of the project goes to Redis by one door."""

from pathlib import Path
from typing import Any, cast

import pytest
import redis.sentinel
from django.core.cache.backends.redis import RedisCache
from redis.connection import UnixDomainSocketConnection

import mailboxes
from mailboxes import redis_clients
from mailboxes.rules import redis_urls

ALL = "redis+sentinel://okapi:a%2Fb@one,two:1,[2001:db8::1]:2/tempmail/3?sentinel_password=lynx"


def test_sentinels_with_all_that_may_be_said() -> None:
    found = redis_urls.sentinels(ALL)
    assert found == redis_urls.Sentinels(
        (("one", 26379), ("two", 1), ("2001:db8::1", 2)), "tempmail", 3, "okapi", "a/b", "lynx"
    )


@pytest.mark.parametrize("url", ["unix:///run/x.sock", "redis://one:1/0", "rediss://:p@one"])
def test_one_server_is_left_to_redis_py(url: str) -> None:
    assert redis_urls.sentinels(url) is None


@pytest.mark.parametrize(
    "wrong",
    [
        "redis+sentinel://one",
        "redis+sentinel:///tempmail",
        "redis+sentinel://one,/tempmail",
        "redis+sentinel://one:x/tempmail",
        "redis+sentinel://one/tempmail/x",
    ],
)
def test_a_url_that_says_too_little(wrong: str) -> None:
    with pytest.raises(ValueError, match=r"needed|without|invalid"):
        redis_urls.sentinels(wrong)


@pytest.mark.parametrize(
    ("url", "broker", "options"),
    [
        ("unix:///run/x.sock", "redis+socket:///run/x.sock", {}),
        ("redis://one:1/0", "redis://one:1/0", {}),
        (
            ALL,
            "sentinel://okapi:a%2Fb@one:26379/3;sentinel://okapi:a%2Fb@two:1/3;"
            "sentinel://okapi:a%2Fb@[2001:db8::1]:2/3",
            {
                "master_name": "tempmail",
                "sentinel_kwargs": {
                    "socket_timeout": 2.0,
                    "socket_connect_timeout": 2.0,
                    "retry": None,
                    "password": "lynx",
                },
            },
        ),
    ],
)
def test_celery_is_told_the_same(url: str, broker: str, options: dict[str, object]) -> None:
    assert redis_urls.broker(url) == broker
    assert redis_urls.broker_options(url, 2.0) == options


@pytest.mark.parametrize(
    ("url", "is_near", "has_password"),
    [
        ("unix:///run/x.sock", True, False),
        ("redis://127.0.0.1", True, False),
        ("redis://one", False, False),
        (ALL, False, True),
        ("redis+sentinel://127.0.0.1,one/m", False, False),
        ("redis+sentinel://[::1]:1,localhost:2/m", True, False),
    ],
)
def test_who_can_reach_it(url: str, is_near: bool, has_password: bool) -> None:
    assert redis_urls.is_near(url) is is_near
    assert redis_urls.has_password(url) is has_password


def test_one_client_for_each_server_and_time_limit(settings) -> None:
    settings.REDIS_URL = "unix:///run/x.sock"
    first = redis_clients.client(0.5)
    assert redis_clients.client(0.5) is first
    connection = first.connection_pool.make_connection()
    assert isinstance(connection, UnixDomainSocketConnection)
    assert (connection.socket_timeout, connection.retry._retries) == (0.5, 0)
    assert redis_clients.client(2.0) is not first
    settings.REDIS_URL = ALL
    second = redis_clients.client(0.5).connection_pool
    assert isinstance(second, redis.sentinel.SentinelConnectionPool)
    assert second.connection_kwargs["password"] == "a/b"
    (guard, *_) = second.sentinel_manager.sentinels
    assert guard.connection_pool.connection_kwargs["password"] == "lynx"
    assert guard.connection_pool.connection_kwargs["socket_timeout"] == 0.5


def test_nobody_makes_a_client_of_redis_elsewhere() -> None:
    project = Path(mailboxes.__file__).parents[1]
    places = [
        path
        for name in ("mailboxes", "tempmail_site", "delivery", "postfix")
        for path in (project / name).rglob("*.py")
    ]
    makers = [
        path
        for path in places
        if any(word in path.read_text() for word in ("Redis.from_url", "redis.Redis(", "Sentinel("))
    ]
    assert [path.name for path in makers] == ["redis_clients.py"]


def test_all_caches_of_a_process_share_their_connections() -> None:
    """Django makes one for each asynchronous request."""
    options = {"pool_class": "mailboxes.redis_clients.Pool", "socket_timeout": 2}
    pools = {
        cast(Any, RedisCache(["unix:///run/x.sock"], {"OPTIONS": options}))
        ._cache.get_client("key")
        .connection_pool
        for _ in range(3)
    }
    assert len(pools) == 1
