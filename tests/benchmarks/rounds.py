"""Interleaved rounds: one after the other each contender gets the load, and again from the first."""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from deploy.local.processes import StartFailed
from tests.benchmarks import cpu, load
from tests.benchmarks.contenders import Contender
from tests.benchmarks.pipe_watch import PipeWatch
from tests.benchmarks.session import Effort

ROUND_LIMIT = 120.0  # seconds for a round; none takes a tenth of it
POLL_SECONDS = 0.005
CALIBRATION = 300  # messages
FEWEST = 100


class RoundFailed(Exception):
    """A round that does not count, and why."""


@dataclass(frozen=True, slots=True)
class Round:
    """One measured round: messages delivered in so many seconds; CPU seconds by process family."""

    messages: int
    seconds: float
    cpu: Mapping[str, float]
    others: float  # CPU seconds of everything else on the machine

    @property
    def rate(self) -> float:
        """Messages per second."""
        return self.messages / self.seconds

    def milliseconds(self, family: str) -> float:
        """CPU milliseconds of a family per message."""
        return 1000 * self.cpu.get(family, 0.0) / self.messages

    @property
    def all_milliseconds(self) -> float:
        """CPU milliseconds of all families but the load per message."""
        return sum(self.milliseconds(family) for family in self.cpu if family != "load")


@dataclass(slots=True)
class Series:
    """The rounds of one contender with one message, of `count` messages each; `error` is why they ended early."""

    contender: Contender
    count: int
    rounds: list[Round] = field(default_factory=list)
    error: str = ""

    @property
    def rates(self) -> list[float]:
        """Messages per second of each round."""
        return [one.rate for one in self.rounds]

    def measure(self, file: Path) -> Round | None:
        """Run a round; None, with the reason kept, when this or an earlier one failed."""
        if self.error:
            return None
        try:
            return run(self.contender, file, self.count)
        except (RoundFailed, StartFailed, OSError) as error:
            self.error = str(error)
            self.rounds.clear()
            return None


def interleaved(
    contenders: Sequence[Contender], file: Path, effort: Effort, report: Callable[[str], None]
) -> dict[str, Series]:
    """Measure the rounds of each contender, by name; one more at first, to warm up, does not count.

    A short round before that finds out how many messages make a round of the wanted length.
    """
    series = {one.name: Series(one, min(CALIBRATION, effort.boxes)) for one in contenders}
    for one in series.values():
        if short := one.measure(file):
            one.count = _count(short.rate, effort)
    for number in range(effort.rounds + 1):
        speeds = []
        for name, one in series.items():
            measured = one.measure(file)
            if measured and number:
                one.rounds.append(measured)
            speeds.append(f"{name} {measured.rate:.0f}/s" if measured else f"{name}: {one.error}")
        title = f"round {number} of {effort.rounds}" if number else "warm-up"
        report(f"{title}: {', '.join(speeds)}")
    return series


def _count(rate: float, effort: Effort) -> int:
    return min(effort.boxes, max(FEWEST, round(rate * effort.seconds / 50) * 50))


def run(contender: Contender, file: Path, count: int) -> Round:
    """Run one round: from the first connection until the last message is delivered. Raises RoundFailed."""
    master = contender.postfix.child.pid
    if master is None:
        raise RoundFailed(f"Postfix of {contender.name} has ended")
    roots = {"postfix": master, **contender.families()}
    stored = contender.stored()
    log = contender.postfix.log_file
    os.truncate(log, 0)
    before, busy_before = _seconds(roots), _machine_and_own()
    with PipeWatch(master) as watch:
        started = time.monotonic()
        try:
            sending = load.send(contender.postfix.port, contender.domain, file, count, ROUND_LIMIT)
        except load.LoadFailed as error:
            raise RoundFailed(f"{contender.name}: {error}") from error
        _wait_until_delivered(contender, started + ROUND_LIMIT)
        ended = time.monotonic()
    after, busy_after = _seconds(roots), _machine_and_own()
    _check(contender, count, stored)
    families = {name: after[name] - before[name] for name in roots}
    if watch.seconds:
        families["postfix"] -= watch.seconds
        families["script"] = watch.seconds
    families["load"] = sending
    others = busy_after - busy_before - sum(families.values())
    return Round(count, ended - started, families, max(0.0, others))


def _seconds(roots: Mapping[str, int]) -> dict[str, float]:
    processes = cpu.snapshot()
    return {name: cpu.tree_seconds(processes, pid) for name, pid in roots.items()}


def _machine_and_own() -> float:
    """Busy seconds of the machine without those of this process and its children."""
    return cpu.machine()[0] - sum(os.times()[:2])


def _wait_until_delivered(contender: Contender, deadline: float) -> None:
    # The load has ended, so nothing new comes in; a message goes from incoming to active, never back.
    spool = contender.postfix.spool
    while _has_entries(spool / "incoming") or _has_entries(spool / "active"):
        if time.monotonic() > deadline:
            raise RoundFailed(f"{contender.name} did not deliver in {ROUND_LIMIT:.0f} s")
        time.sleep(POLL_SECONDS)


def _has_entries(directory: Path) -> bool:
    with os.scandir(directory) as entries:
        return next(entries, None) is not None


def _check(contender: Contender, count: int, stored_before: int | None) -> None:
    """Every message was delivered once, by Postfix's log and by what the contender holds. Raises RoundFailed."""
    sent = contender.postfix.log_file.read_text(errors="replace").count(" status=sent ")
    if sent != count:
        raise RoundFailed(f"{contender.name}: {sent} of {count} messages were delivered at once")
    stored = contender.stored()
    if stored is not None and stored_before is not None and stored - stored_before != count:
        raise RoundFailed(f"{contender.name}: {stored - stored_before} of {count} were stored")
