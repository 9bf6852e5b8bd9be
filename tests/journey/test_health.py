"""/healthz tells what is the case, also when something is away."""

import signal

from deploy.local.stack import Stack
from tests.journey import client
from tests.journey.probe import wait_until


def status(stack: Stack) -> tuple[int, str]:
    answer = client.http_request(stack, "GET", "/healthz")
    return answer.status, answer.data["status"]


def test_all_is_well(stack: Stack) -> None:
    answer = client.http_request(stack, "GET", "/healthz")
    assert answer.status == 200
    assert answer.data == {
        "status": "ok",
        "checks": {"database": "ok", "redis": "ok", "delivery": "ok"},
    }


def test_without_redis_it_is_degraded_and_mail_goes_on(stack: Stack) -> None:
    inbox = client.new_inbox(stack)
    redis = stack.processes["redis"]
    redis.send_signal_to_all(signal.SIGSTOP)
    try:
        assert status(stack) == (200, "degraded")
        client.send(stack, client.message("Without Redis"), inbox.address)
        assert [item["subject"] for item in inbox.api.wait_for(1)] == ["Without Redis"]
        refused = client.Api(stack, client._keys[str(stack.data_dir)])("POST", "generate", {})
        assert (refused.status, refused.data["code"]) == (503, "unavailable")
    finally:
        redis.send_signal_to_all(signal.SIGCONT)
    wait_until(lambda: status(stack) == (200, "ok"))


def test_without_the_worker_it_is_unavailable(stack: Stack) -> None:
    stack.processes["worker"].stop()
    try:
        assert status(stack) == (503, "unavailable")
        assert client.http_request(stack, "GET", "/livez").status == 200
    finally:
        stack.start_worker()
    assert status(stack) == (200, "ok")
