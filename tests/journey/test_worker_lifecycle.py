"""The worker through kill, stop and reload: nothing lost, nothing twice, nobody refused."""

import contextlib
import os
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from delivery import protocol
from tests.journey.worker_stack import BREAKABLE, MANAGE, WorkerStack, wait_for


@pytest.fixture
def worker() -> Iterator[WorkerStack]:
    stack = WorkerStack(MANAGE)
    try:
        stack.start()
        yield stack
    finally:
        stack.close()


@pytest.fixture
def slow_worker() -> Iterator[WorkerStack]:
    stack = WorkerStack(BREAKABLE, DELIVERY_PROCESSES="1")
    try:
        stack.start()
        yield stack
    finally:
        stack.close()


class Load:
    """Deliveries and recipient questions without a pause, until told to end."""

    def __init__(self, stack: WorkerStack) -> None:
        self._stack, self._end = stack, threading.Event()
        self.delivered: list[int] = []  # tries that each message took
        self.answers: list[bytes] = []
        self.errors: list[Exception] = []
        loops = [lambda n=n: self._deliver(n) for n in range(3)]
        self._threads = [threading.Thread(target=self._guard, args=(loop,)) for loop in loops]
        self._threads.append(threading.Thread(target=self._guard, args=(self._ask,)))
        for thread in self._threads:
            thread.start()

    def _guard(self, loop):  # type: ignore[no-untyped-def]
        try:
            loop()
        except Exception as error:  # noqa: BLE001 - shown by the test
            self.errors.append(error)

    def _deliver(self, number: int) -> None:
        count = 0
        while not self._end.is_set():
            count += 1
            self.delivered.append(self._stack.deliver_as_postfix(f"m{number}x{count}"))

    def _ask(self) -> None:
        while not self._end.is_set():
            self.answers.append(self._stack.ask(self._stack.address))

    def wait_for_more(self, count: int = 30) -> None:
        wanted = len(self.delivered) + count
        wait_for(lambda: len(self.delivered) >= wanted or self.errors)

    def end(self) -> None:
        self._end.set()
        for thread in self._threads:
            thread.join()


def test_a_message_is_stored_once_however_often_it_is_tried(worker: WorkerStack) -> None:
    assert [worker.deliver("q1"), worker.deliver("q1"), worker.deliver("q2")] == [0, 0, 0]
    assert worker.stored() == 2


def test_recipients_are_judged_by_the_database(worker: WorkerStack) -> None:
    assert worker.ask(worker.address) == b"action=DUNNO\n\n"
    assert worker.ask("nobody@tempmail.test") == b"action=550 5.1.1 No such mailbox\n\n"
    assert worker.ask("nobody@example.org") == b"action=554 5.7.1 Relay access denied\n\n"


def test_kill_9_of_processes_under_load_loses_and_doubles_nothing(worker: WorkerStack) -> None:
    load = Load(worker)
    try:
        for _ in range(5):
            load.wait_for_more(10)
            for victim in worker.children()[:1]:
                os.kill(victim, signal.SIGKILL)
        load.wait_for_more(10)
    finally:
        load.end()
    assert load.errors == [] or all(isinstance(e, OSError) for e in load.errors)
    assert worker.stored() == len(load.delivered)
    assert worker.unparsed() == 0


def test_a_reload_refuses_nobody_and_replaces_every_process(worker: WorkerStack) -> None:
    supervisor = worker.pid
    load = Load(worker)
    try:
        load.wait_for_more()
        for _ in range(2):
            reload(worker)
        load.wait_for_more()
    finally:
        load.end()
    assert load.errors == []
    assert set(load.delivered) == {1}
    assert set(load.answers) == {b"action=DUNNO\n\n"}
    assert worker.stored() == len(load.delivered)
    assert worker.pid == supervisor
    assert worker.stop() == 0


def reload(worker: WorkerStack) -> None:
    before = set(worker.children())
    os.kill(worker.pid, signal.SIGHUP)
    wait_for(lambda: len(set(worker.children()) - before) == 2)
    wait_for(lambda: not before & set(worker.children()))


def test_a_reload_into_something_broken_is_refused(worker: WorkerStack) -> None:
    children = worker.children()
    (worker.directory / "secrets.env").rename(worker.directory / "lost.env")
    os.kill(worker.pid, signal.SIGHUP)
    wait_for(lambda: "reload refused" in worker.log.read_text())
    assert worker.deliver("still") == 0
    assert worker.children() == children


def test_a_stop_answers_what_is_under_way(slow_worker: WorkerStack) -> None:
    script = slow_worker.send("slow", "SLOW")
    wait_for((slow_worker.directory / "slow").exists)
    assert slow_worker.stop() == 0
    assert script.wait(60) == 0
    assert slow_worker.stored() == 1
    assert slow_worker.deliver("late") == 75


def test_after_a_stop_it_goes_on_at_the_same_place(worker: WorkerStack) -> None:
    assert worker.deliver("first") == 0
    assert worker.stop() == 0
    worker.start()
    assert worker.deliver("first") == 0
    assert worker.stored() == 1


def test_the_death_of_the_supervisor_ends_its_processes(worker: WorkerStack) -> None:
    children = worker.children()
    assert worker.process
    worker.process.kill()
    worker.process.wait()
    wait_for(lambda: not any(Path(f"/proc/{pid}").exists() for pid in children))
    worker.start()
    assert worker.deliver("again") == 0


def test_scripts_that_hang_half_way_block_nobody(worker: WorkerStack) -> None:
    with contextlib.ExitStack() as stack:
        for _ in range(40):
            client = stack.enter_context(socket.socket(socket.AF_UNIX))
            client.connect(str(worker.socket))
            client.sendall(b"DELIVER1 10 1000\n")
        assert worker.deliver("quick") == 0


def test_stopped_processes_make_the_script_wait_and_not_fail(worker: WorkerStack) -> None:
    for pid in worker.children():
        os.kill(pid, signal.SIGSTOP)
    script = worker.send("patient")
    assert protocol.ping(worker.socket, 0.2) is False
    with pytest.raises(subprocess.TimeoutExpired):
        script.wait(0.2)
    for pid in worker.children():
        os.kill(pid, signal.SIGCONT)
    assert script.wait(60) == 0


@pytest.mark.parametrize("junk", [b"GET / HTTP/1.1\r\n\r\n", b"DELIVER1 3 1\na\0bx.", b"\0" * 99])
def test_junk_on_the_socket_is_answered_and_forgotten(worker: WorkerStack, junk: bytes) -> None:
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(60)
        client.connect(str(worker.socket))
        client.sendall(junk)
        assert client.recv(100) == protocol.LATER
    assert worker.deliver("honest") == 0


def test_a_message_much_shorter_than_postfix_said_is_asked_for_again(worker: WorkerStack) -> None:
    request = protocol.Request("4cQ", 1_000_000, "", (worker.address,), b"Subject: cut\n\n")
    answers = [exchange(worker, protocol.encode(request)) for _ in range(4)]
    assert answers[0] == protocol.LATER
    assert protocol.STORED in answers
    assert answers.count(protocol.LATER) <= 2  # once for each process
    assert worker.stored() == 1


def exchange(worker: WorkerStack, data: bytes) -> bytes:
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(60)
        client.connect(str(worker.socket))
        client.sendall(data)
        return client.recv(100)
