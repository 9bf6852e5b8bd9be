"""How much of Postfix's CPU time is that of the programs that its pipe(8) processes ran."""

import threading
from typing import Self

from tests.benchmarks import cpu

SECONDS = 0.1


class PipeWatch(threading.Thread):
    """Looks at the pipe(8) processes of one master(8) ten times a second.

    A pipe(8) ends after max_use deliveries, and its children's time then becomes its parent's like its own. So what
    its children had used is taken from the last look at it: what they used in the tenth of a second after that is
    counted as Postfix's. The sum of both is exact.
    """

    def __init__(self, master: int) -> None:
        super().__init__(name="pipe-watch", daemon=True)
        self._master = master
        self._first: dict[int, int] = {}
        self._last: dict[int, int] = {}
        self._others: set[int] = set()
        self._done = threading.Event()

    def __enter__(self) -> Self:
        for stat in cpu.snapshot().values():
            if self._is_pipe(stat):
                self._first[stat.pid] = stat.children
        self._look()
        self.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._done.set()
        self.join()
        self._look()

    def run(self) -> None:
        """Look until told to end."""
        while not self._done.wait(SECONDS):
            self._look()

    @property
    def seconds(self) -> float:
        """CPU seconds of the programs since the start."""
        ticks = (last - self._first.get(pid, 0) for pid, last in self._last.items())
        return sum(ticks) / cpu.TICKS

    def _look(self) -> None:
        living = cpu.pids()
        self._others &= living
        for pid in living - self._others:
            stat = cpu.read(pid)
            if stat is None:
                continue
            if self._is_pipe(stat):
                self._last[pid] = stat.children
            elif (
                stat.parent != self._master
            ):  # a fork of master(8) becomes a pipe(8) only by execve(2)
                self._others.add(pid)

    def _is_pipe(self, stat: cpu.Stat) -> bool:
        return stat.name == "pipe" and stat.parent == self._master
