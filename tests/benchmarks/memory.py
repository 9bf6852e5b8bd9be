"""The row `worker_memory`: what a worker process holds after many messages, and whether it still grows."""

from contextlib import ExitStack

from deploy.local.processes import StartFailed
from tests.benchmarks import cpu, instances, mail_path, ours
from tests.benchmarks.results import Goal, Result
from tests.benchmarks.session import Report, Session

BOXES = 1000
MEMORY = Goal("worker_memory", "resident memory of a worker process", "<=", 120, 90, "MB")
GROWTH = Goal("worker_memory_growth", "its growth over the last half", "<=", 2, 0, "%")


def goals(parts: frozenset[str]) -> list[Goal]:
    """Return the goals of this row."""
    return [MEMORY, GROWTH]


def measure(session: Session) -> Report:
    """Feed one worker process and look at it half way and at the end. Raises StartFailed."""
    count = session.effort.fed
    with ExitStack() as running:
        server = running.enter_context(session.postgresql())
        directory = running.enter_context(session.data("memory"))
        one = {"DELIVERY_PROCESSES": "1"}
        instance = running.enter_context(ours.running("memory", "", directory, server, BOXES, one))
        feeder = instances.Feeder(instance, BOXES, mail_path.SMALL)
        sizes = []
        for _half in range(2):
            seconds = feeder.feed(count // 2)
            sizes.append(_resident(instance.stack.processes["worker"].pid))
            session.say(f"{count // 2 / seconds:.0f} messages/s, {sizes[-1] / 1e6:.1f} MB")
    return _report(sizes, count)


def _report(sizes: list[int], count: int) -> Report:
    half, end = sizes
    growth = max(0.0, 100 * (end - half) / half)
    return Report(
        results=[Result(MEMORY, (end / 1e6,)), Result(GROWTH, (growth,))],
        remarks=[
            f"worker_memory: one process after {count} messages of {mail_path.SMALL} bytes; "
            f"{half / 1e6:.1f} MB half way (resident, what processes share counted in full)."
        ],
    )


def _resident(supervisor: int | None) -> int:
    """Return the bytes of the one process below the supervisor. Raises StartFailed."""
    processes = cpu.snapshot()
    found = [stat.pid for stat in processes.values() if stat.parent == supervisor]
    if len(found) != 1:
        raise StartFailed(f"the worker has {len(found)} processes instead of one")
    return resident(found[0])


def resident(pid: int) -> int:
    """Return the resident bytes of a process (proc(5), VmRSS). Raises OSError."""
    text = (cpu.PROC / str(pid) / "status").read_text()
    return 1024 * int(text.partition("VmRSS:")[2].split()[0])
