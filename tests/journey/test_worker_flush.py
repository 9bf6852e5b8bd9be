"""Postfix is told to try its deferred mail again once the worker can store."""

from collections.abc import Iterator

import pytest

from tests.journey.worker_stack import MANAGE, WorkerStack, wait_for


@pytest.fixture
def worker() -> Iterator[WorkerStack]:
    stack = WorkerStack(MANAGE)
    try:
        programs = stack.directory / "bin"
        programs.mkdir()
        (programs / "postqueue").write_text(f'#!/bin/sh\necho "$@" >> {stack.directory}/flushed\n')
        (programs / "postqueue").chmod(0o755)
        stack.environment["PATH"] = f"{programs}:{stack.environment['PATH']}"
        yield stack
    finally:
        stack.close()


def test_a_worker_that_starts_flushes_the_queue(worker: WorkerStack) -> None:
    (worker.directory / "postfix").mkdir()
    (worker.directory / "postfix" / "main.cf").touch()
    worker.start()
    called = worker.directory / "flushed"
    flush = f"-c {worker.directory}/postfix -f"
    wait_for(lambda: called.exists() and flush in called.read_text().splitlines())


def test_without_postfix_nothing_is_run(worker: WorkerStack) -> None:
    worker.start()
    assert worker.deliver("q1") == 0
    assert worker.stop() == 0
    assert not (worker.directory / "flushed").exists()
