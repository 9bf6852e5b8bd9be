"""The row `streams`: open event streams in one process, what they cost idle, and that all of them are told."""

import resource
import time
from contextlib import ExitStack

from deploy.local.processes import StartFailed
from tests.benchmarks import cpu, instances, load, mail_path, memory, ours
from tests.benchmarks.crowd import Crowd
from tests.benchmarks.results import Goal, Result
from tests.benchmarks.session import Report, Session

MEMORY = Goal("streams", "memory of an open event stream", "<=", 64, 44, "KB")
IDLE = Goal("streams_idle_cpu", "CPU of all of them, idle, of a core", "<=", 5, 2, "%")
TOLD = Goal("streams_told", "share of messages that were told", ">=", 1, 1)
RATE = 250.0  # messages a second among them
SECONDS = 8.0
IDLE_SECONDS = 30.0  # two keep-alives
WAIT_SECONDS = 60.0


def goals(parts: frozenset[str]) -> list[Goal]:
    """Return the goals of this row."""
    return [MEMORY, IDLE, TOLD]


def measure(session: Session) -> Report:
    """Open the streams, let them be idle, then send mail to them. Raises StartFailed."""
    count = session.effort.streams
    _allow_files(2 * count + 1000)
    with ExitStack() as running:
        server = running.enter_context(session.postgresql())
        directory = running.enter_context(session.data("streams"))
        instance = running.enter_context(ours.running("streams", "", directory, server, count))
        stack = instance.stack
        tokens = [load.token(number) for number in range(1, count + 1)]
        site = stack.processes["site"].pid
        assert site is not None
        with Crowd(stack.http_port, tokens[:50]):  # everything that is made once is there
            pass
        before = memory.resident(site)
        crowd = running.enter_context(Crowd(stack.http_port, tokens))
        each = (memory.resident(site) - before) / 1024 / count
        idle = _idle(site)
        session.say(f"streams: {each:.1f} KB each, {idle:.2f} % of a core")
        feeder = instances.Feeder(instance, count, mail_path.SMALL)
        sent = int(RATE * SECONDS)
        seconds = feeder.feed(sent, RATE)
        told = crowd.wait_for(sent, WAIT_SECONDS)
        session.say(f"streams: {sent} messages in {seconds:.1f} s, {told} told")
    return Report(
        results=[Result(MEMORY, (each,)), Result(IDLE, (idle,)), Result(TOLD, (told / sent,))],
        remarks=[
            f"streams: {count} in one uvicorn process; {sent} messages at {sent / seconds:.0f}/s among them."
        ],
    )


def _idle(site: int) -> float:
    """Return the percentage of a core that the process uses while nothing happens."""
    before, began = cpu.scheduled_ticks(site), time.monotonic()
    time.sleep(IDLE_SECONDS)
    used = (cpu.scheduled_ticks(site) - before) / cpu.TICKS
    return 100 * used / (time.monotonic() - began)


def _allow_files(count: int) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < count:
        raise StartFailed(f"{count} open files are needed, {hard} are allowed (ulimit -Hn)")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, count), hard))
