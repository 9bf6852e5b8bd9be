"""The lock of the tasks, on a real Redis."""

import os
import secrets
import threading

import pytest
from django.conf import settings

from mailboxes.services import exclusive

pytestmark = pytest.mark.skipif("REDIS_URL" not in os.environ, reason="no Redis in the environment")


@pytest.fixture
def name() -> str:
    return f"test_{secrets.token_hex(8)}"


def test_of_two_one_holds_it_and_the_next_one_when_it_is_done(name: str) -> None:
    with exclusive.hold(name, 60) as first:
        with exclusive.hold(name, 60) as second:
            assert (first, second) == (True, False)
        with exclusive.hold(name, 60) as third:
            assert not third  # the second one gave back nothing that was not its own
        with exclusive.hold(name + "-other", 60) as other:
            assert other
    with exclusive.hold(name, 60) as fourth:
        assert fourth


def test_it_is_given_back_after_an_error(name: str) -> None:
    with pytest.raises(ZeroDivisionError), exclusive.hold(name, 60):
        1 / 0  # noqa: B018
    with exclusive.hold(name, 60) as held:
        assert held


def test_a_holder_that_is_killed_is_waited_for_no_longer_than_its_time(name: str) -> None:
    killed = exclusive.hold(name, 0.5)
    assert killed.__enter__()
    with exclusive.hold(name, 60) as at_once:
        assert not at_once
    with exclusive.hold(name, 60, wait=30) as later:
        assert later
        killed.__exit__(
            None, None, None
        )  # it was not dead after all: the lock is not its own any more
        with exclusive.hold(name, 60) as third:
            assert not third


def test_of_many_at_once_one_runs_at_a_time(name: str) -> None:
    running, most, done = 0, 0, []
    guard = threading.Lock()

    def run() -> None:
        nonlocal running, most
        with exclusive.hold(name, 60, wait=30) as held:
            with guard:
                running += held
                most = max(most, running)
            with guard:
                running -= held
                done.append(held)

    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (done, most) == ([True] * 8, 1)


def test_without_redis_everybody_runs(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "REDIS_URL", "unix:///nonexistent/redis.sock")
    with exclusive.hold(name, 60) as first, exclusive.hold(name, 60) as second:
        assert first
        assert second
