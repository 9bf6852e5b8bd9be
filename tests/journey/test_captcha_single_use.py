"""Of concurrent submits of one solution exactly one gets an address: real HTTP, threads and Redis."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from deploy.local.stack import Stack
from tests.journey.client import Answer
from tests.journey.gate import Browser

SUBMITS = 8


def all_at_once(browsers: list[Browser], form: dict[str, str]) -> list[Answer]:
    """Each of the browsers submits the form; the first one's cookie and token serve all."""
    start = threading.Barrier(len(browsers))

    def submit(browser: Browser) -> Answer:
        start.wait()
        return browser.request("POST", "/create", **form)

    with ThreadPoolExecutor(len(browsers)) as threads:
        return list(threads.map(submit, browsers))


@pytest.mark.parametrize("means", ["proof", "answer"])
def test_of_eight_submits_of_one_solution_one_gets_an_address(stack: Stack, means: str) -> None:
    for number in range(3):
        client = f"127.0.1.{number}" if means == "proof" else f"127.0.2.{number}"
        first = Browser(stack, client)
        form = {**first.form(), **getattr(first, means)()}
        browsers = [Browser(stack, client, dict(first.cookies)) for _ in range(SUBMITS)]
        answers = all_at_once(browsers, form)
        assert sorted(answer.status for answer in answers) == [303] + [422] * (SUBMITS - 1)
        inboxes = [answer.headers.get("location") for answer in answers if answer.status == 303]
        assert first.request("POST", "/create", **form).status == 422
        winner = next(b for b, a in zip(browsers, answers, strict=True) if a.status == 303)
        assert winner.request("GET", str(inboxes[0])).status == 200
