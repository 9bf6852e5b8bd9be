"""Creations at the same moment, with real threads and servers: one request is one mailbox, one proof one address."""

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from deploy.local.stack import Stack
from tests import captcha
from tests.journey import probe
from tests.journey.client import Answer, http_request
from tests.journey.gate import Browser

AT_ONCE = 12


def all_at_once(calls: list[Callable[[], Answer]]) -> list[Answer]:
    start = threading.Barrier(len(calls))

    def run(call: Callable[[], Answer]) -> Answer:
        start.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(run, calls))


def generate(stack: Stack, body: object = None, **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    data = json.dumps(body or {}).encode()
    return http_request(
        stack, "POST", "/api/generate", data, {"Content-Type": "application/json", **named}
    )


def rows(stack: Stack) -> tuple[int, int]:
    """How many mailboxes and records of repeatable requests there are."""
    code = """
from mailboxes.models.access import IdempotencyRecord
from mailboxes.models.mailboxes import IssuedAddress
print(json.dumps([IssuedAddress.objects.count(), IdempotencyRecord.objects.count()]))
"""
    first, second = probe.shell(stack, code)
    return first, second


@pytest.fixture(params=["stack", "sqlite_stack"])
def either(request: pytest.FixtureRequest) -> Stack:
    stack: Stack = request.getfixturevalue(request.param)
    return stack


def test_of_repeats_at_once_all_get_the_one_mailbox(either: Stack) -> None:
    key = either.manage("create_api_key", "at-once", "--per-minute", "1000").strip()
    headers = {"Authorization": f"Bearer {key}"}
    before = rows(either)
    for number in range(4):
        named = {**headers, "Idempotency_Key": f"order-{number}"}
        answers = all_at_once([lambda n=named: generate(either, None, **n)] * AT_ONCE)  # type: ignore[misc]
        assert [answer.status for answer in answers] == [201] * AT_ONCE
        assert len({answer.body for answer in answers}) == 1
    assert rows(either) == (before[0] + 4, before[1] + 4)


def test_of_different_wishes_at_once_under_one_key_one_is_granted(stack: Stack) -> None:
    key = stack.manage("create_api_key", "wishes", "--per-minute", "1000").strip()
    headers = {"Authorization": f"Bearer {key}", "Idempotency_Key": "one"}
    wishes: list[dict[str, Any]] = [{"expires_in": 600 + number} for number in range(AT_ONCE)]
    answers = all_at_once([lambda w=w: generate(stack, w, **headers) for w in wishes])  # type: ignore[misc]
    assert sorted(answer.status for answer in answers) == [201] + [422] * (AT_ONCE - 1)


def test_of_one_proof_sent_to_api_and_site_at_once_one_gets_an_address(stack: Stack) -> None:
    browser = Browser(stack, "127.0.3.1")
    form = browser.form()
    challenge = http_request(stack, "GET", "/api/captcha").data
    assert challenge["kind"] == "altcha"
    solved = captcha.solve(challenge["challenge"])
    before = rows(stack)

    def site() -> Answer:
        copy = Browser(stack, "127.0.3.1", dict(browser.cookies))
        return copy.request("POST", "/create", **form, captcha=solved)

    def api() -> Answer:
        return generate(stack, {"captcha": solved})

    answers = all_at_once([site, api] * (AT_ONCE // 2))
    statuses = [answer.status for answer in answers]
    assert sum(status in (201, 303) for status in statuses) == 1
    assert set(statuses) <= {201, 303, 403, 422}
    assert rows(stack)[0] == before[0] + 1
