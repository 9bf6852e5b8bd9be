"""Programs of `tests.benchmarks.inside` beside a running instance, and a worker's socket fed without Postfix."""

import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from delivery import protocol
from delivery.protocol import Request
from deploy.local.instance import CHECKOUT
from deploy.local.processes import StartFailed
from deploy.local.stack import Stack
from tests.benchmarks import letters, load
from tests.benchmarks.ours import Ours

FEEDERS = 4


class Program:
    """A program of `inside` that waits for its next command."""

    def __init__(self, process: "subprocess.Popen[str]", name: str) -> None:
        self._process, self._name = process, name

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def tell(self, *words: object) -> None:
        """Give it a command."""
        assert self._process.stdin
        self._process.stdin.write(" ".join(map(str, words)) + "\n")
        self._process.stdin.flush()

    def answer(self) -> Any:
        """Wait for its next answer. Raises StartFailed when it has ended."""
        assert self._process.stdout
        if line := self._process.stdout.readline():
            return json.loads(line)
        raise StartFailed(f"{self._name} ended: see what it printed above")

    def ask(self, *words: object) -> Any:
        """Give a command and wait for its answer. Raises StartFailed."""
        self.tell(*words)
        return self.answer()


@contextmanager
def program(stack: Stack, name: str) -> Iterator[Program]:
    """Run `tests.benchmarks.inside.<name>` as the owner of the data. Raises StartFailed."""
    command = [sys.executable, "-B", "-m", f"tests.benchmarks.inside.{name}"]
    env = {"DJANGO_SETTINGS_MODULE": "tempmail_site.settings", **stack.env}
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=CHECKOUT,
        env=env,
        start_new_session=True,
        **stack.owner.popen_arguments(),
    ) as process:
        try:
            running = Program(process, name)
            running.answer()
            yield running
        finally:
            process.kill()


def body(number: int, size: int) -> bytes:
    """Return a message of about `size` bytes as Postfix hands it over, another one for each number."""
    text = letters.letter(size - 180).replace("482913", f"{number % 1_000_000:06}")
    head = (
        "Received: from client.example.org (localhost [127.0.0.1])\n"
        f"\tby mx.tempmail.test (Postfix) with ESMTP id 4Bench{number:010}\n"
        "\tfor <box@tempmail.test>; Fri, 20 Nov 2026 10:00:00 +0000 (UTC)\n"
    )
    return (head + text).encode()


class Turns:
    """Numbers for several threads, each with the monotonic seconds at which it is due; iterating waits for that."""

    def __init__(self, numbers: Iterable[int], rate: float = 0.0) -> None:
        """`rate`: numbers a second at most; 0: as fast as they are taken."""
        self._numbers, self._rate = enumerate(numbers), rate
        self._began, self._lock = time.monotonic(), threading.Lock()

    def __iter__(self) -> Iterator[tuple[int, float]]:
        while True:
            with self._lock:
                place, number = next(self._numbers, (0, None))
            if number is None:
                return
            now = time.monotonic()
            due = self._began + place / self._rate if self._rate else now
            time.sleep(max(0.0, due - now))
            yield number, due


def in_threads(count: int, work: Callable[[], None]) -> None:
    """Do the same in so many threads, and wait for all; raise what one of them raised."""
    with ThreadPoolExecutor(count) as pool:
        for done in [pool.submit(work) for _ in range(count)]:
            done.result()


class Feeder:
    """Hands messages to the worker's socket as the script does, some at a time."""

    def __init__(self, instance: Ours, boxes: int, size: int) -> None:
        self._path, self._domain, self._boxes = instance.delivery_socket, instance.domain, boxes
        self._sample = body(0, size)
        self._next = 0

    def feed(self, count: int, rate: float = 0.0) -> float:
        """Hand over so many, at most `rate` a second (0: no limit); return the seconds. Raises StartFailed."""
        began, turns = time.monotonic(), self.turns(count, rate)

        def work() -> None:
            for number, _due in turns:
                self.hand_over(number)

        in_threads(FEEDERS, work)
        return time.monotonic() - began

    def turns(self, count: int, rate: float = 0.0) -> Turns:
        """Return the turns of the next messages, to be handed over one by one."""
        first, self._next = self._next, self._next + count
        return Turns(range(first, self._next), rate)

    def hand_over(self, number: int) -> None:
        """Hand one message over. Raises StartFailed unless it was stored."""
        data = self._sample.replace(b"4Bench0000000000", b"4Bench%010d" % number, 1)
        address = f"{load.box(number % self._boxes + 1)}@{self._domain}"
        request = Request(f"4Bench{number:010}", len(data), load.SENDER, (address,), data)
        answer = exchange(self._path, protocol.encode(request))
        if answer != protocol.STORED:
            raise StartFailed(f"the worker answered {answer!r}")


def exchange(path: Path, data: bytes) -> bytes:
    """Return the worker's answer to the bytes of one request. Raises OSError."""
    with socket.socket(socket.AF_UNIX) as worker:
        worker.settimeout(60)
        worker.connect(str(path))
        worker.sendall(data)
        return worker.recv(64)


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that this share of them does not exceed. Raises ValueError for none."""
    if not values:
        raise ValueError("nothing was measured")
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
