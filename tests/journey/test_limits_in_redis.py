"""What the limits keep: counters under digests in Redis, each with an end; and whose word about an address counts."""

import re

import redis

from deploy.local.stack import Stack
from tests.journey.client import http_request
from tests.journey.gate import Browser

DAY = 86_400
LONGEST = DAY + 5  # what django-ratelimit adds to every window
COUNTER = re.compile(rb"tempmail:1:rl:[0-9a-f]{64}")
USED = re.compile(rb"tempmail:1:used:[0-9a-f]{32}")
LIMITS = re.compile(rb"%b|%b|tempmail:1:client-key" % (COUNTER.pattern, USED.pattern))


def connect(stack: Stack) -> "redis.Redis[bytes]":
    return redis.Redis(unix_socket_path=f"{stack.state_dir}/redis/redis.sock")


def ours(client: "redis.Redis[bytes]") -> set[bytes]:
    return set(client.scan_iter(match="tempmail:*", count=1000))


def use_everything(browser: Browser) -> None:
    form = browser.form()
    assert browser.request("POST", "/create", **form, **browser.proof()).status == 303
    assert browser.request("POST", "/create", **form, **browser.answer()).status == 303
    assert browser.request("POST", "/open", **form, token="tmt_" + "A" * 43).status == 422
    assert browser.request("GET", "/m/nosuchmailbox/").status == 404


def test_all_that_is_kept_has_an_end_and_names_nobody(stack: Stack) -> None:
    use_everything(Browser(stack, "127.0.0.77"))
    with connect(stack) as client:
        keys = ours(client)
        assert {key for key in keys if COUNTER.fullmatch(key)}
        assert {key for key in keys if USED.fullmatch(key)}
        for key in keys:
            ttl = client.ttl(key)  # -1: for ever; -2: gone meanwhile
            assert -1 != ttl <= LONGEST, key
            if key.startswith(b"tempmail:1:"):  # the cache, where the limits count
                assert LIMITS.fullmatch(key), key
                assert b"127.0.0" not in (client.get(key) or b"")


def test_with_the_key_of_the_day_the_counters_begin_anew(stack: Stack) -> None:
    browser = Browser(stack, "127.0.0.78")
    form = {**browser.form(), "token": "tmt_" + "A" * 43}
    statuses = [browser.request("POST", "/open", **form).status for _ in range(40)]
    assert statuses[0] == 422
    assert statuses[-1] == 429
    with connect(stack) as client:
        before = client.get("tempmail:1:client-key")
        client.delete("tempmail:1:client-key")
        assert browser.request("POST", "/open", **form).status == 422
        after = client.get("tempmail:1:client-key")
        assert after
        assert after != before
        assert DAY - 600 < client.ttl("tempmail:1:client-key") <= DAY


def test_a_forged_forwarded_for_changes_nothing_even_from_this_machine(stack: Stack) -> None:
    """Servers of ours that believe it by themselves would, from 127.0.0.1."""
    with connect(stack) as client:
        for _ in range(5):  # again, should a window have ended meanwhile
            http_request(stack, "GET", "/m/nosuchmailbox/")
            before = ours(client)
            for number in range(5):
                forged = {"X-Forwarded-For": f"203.0.113.{number}", "X-Real-IP": "203.0.113.9"}
                http_request(stack, "GET", "/m/nosuchmailbox/", headers=forged)
                http_request(stack, "GET", "/m/nosuchmailbox/events", headers=forged)
            if not ours(client) - before:
                return
    raise AssertionError("a forged header made counters of its own")
