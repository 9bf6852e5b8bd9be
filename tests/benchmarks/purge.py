"""The row `purge`: how fast what has ended is removed, while mail comes in, and whether its space comes back."""

import threading
import time
from contextlib import ExitStack
from pathlib import Path

from delivery import protocol
from delivery.protocol import Request
from deploy.local.processes import StartFailed
from tests.benchmarks import figures, growth, instances, load, mail_path, ours, quiet
from tests.benchmarks.instances import Program
from tests.benchmarks.ours import Ours
from tests.benchmarks.results import Goal, Result
from tests.benchmarks.session import Report, Session

RATE = Goal("purge", "messages removed a second beside deliveries", ">=", 20_000, 60_000, "1/s")
SLOWED = Goal("purge_p99", "p99 of deliveries beside it / without", "<=", 3, 3)
SPACE = Goal(
    "purge_space", "disk for a live byte, after the last filling / first", "<=", 1.15, 1.05
)
DELIVERIES = 100.0  # a second
BOXES = 100
EACH = 2  # messages of a mailbox, as growth.MESSAGE_ROWS makes them
_END = "UPDATE mailboxes_mailbox SET ends_at = now() - interval '1 minute' WHERE message_count = 2"
_SIZE = """
SELECT sum(pg_total_relation_size(name::regclass)) / (
    (SELECT sum(pg_column_size(sealed)) FROM mailboxes_messagesource)
    + (SELECT sum(pg_column_size(sealed_summary)) FROM mailboxes_message)
) FROM unnest(%s) AS name
"""
_TABLES = ["mailboxes_message", "mailboxes_messagesource", "mailboxes_mailbox"]


def goals(parts: frozenset[str]) -> list[Goal]:
    """Return the goals of this row."""
    return [RATE, SLOWED, SPACE]


def measure(session: Session) -> Report:
    """Fill, end and purge by turns; time deliveries beside it and without. Raises StartFailed."""
    mailboxes = session.effort.purged // EACH
    rates, slowed, sizes = [], [], []
    with ExitStack() as running:
        server = running.enter_context(session.postgresql())
        directory = running.enter_context(session.data("purge"))
        instance = running.enter_context(ours.running("purge", "", directory, server, BOXES))
        program = running.enter_context(instances.program(instance.stack, "purging"))
        socket = instance.stack.state_dir / "spool" / "tempmail" / "delivery.sock"
        session.say(f"purge: {quiet.wait(session.effort.quiet_seconds)}")
        for number in range(session.effort.rounds):
            _fill(instance, mailboxes, number)
            sizes.append(_disk(instance))
            alone = _timed(socket, session.effort.seconds)
            instance.query(_END)
            messages, rate, beside = _purged(program, socket)
            if messages != mailboxes * EACH:
                raise StartFailed(f"{messages} of {mailboxes * EACH} messages were purged")
            rates.append(rate)
            slowed.append(beside / alone)
            session.say(
                f"purge: {rate:.0f}/s, p99 {1000 * beside:.1f} ms, alone {1000 * alone:.1f}"
            )
    return Report(
        results=[
            Result(RATE, tuple(rates)),
            Result(SLOWED, tuple(slowed)),
            Result(SPACE, (sizes[-1] / sizes[0],)),
        ],
        remarks=[
            f"purge: {mailboxes:,} mailboxes of {EACH} messages a round, by the service with all its checks; "
            f"{figures.spread(rates).median:,.0f} messages/s, deliveries {DELIVERIES:.0f}/s to the worker's socket."
        ],
    )


def _fill(instance: Ours, mailboxes: int, number: int) -> None:
    """Load mailboxes with their messages; what autovacuum would do by then is done before."""
    for table in _TABLES:
        instance.query(f"VACUUM ANALYZE {table}")
    instance.query("SET synchronous_commit = off")
    instance.query(
        growth.MAILBOXES.replace("n::text", f"(n + {number} * 10000000)::text"), [mailboxes]
    )
    instance.query(growth.MESSAGE_ROWS, [EACH])
    instance.query("CHECKPOINT")


def _disk(instance: Ours) -> float:
    """Return the bytes of the tables, with indexes and TOAST, for a byte that is sealed in them."""
    return float(instance.query(_SIZE, [_TABLES])[0][0])


def _purged(program: Program, socket: Path) -> tuple[int, float, float]:
    """Purge beside deliveries; return the messages, how many a second, and the p99 of deliveries in seconds."""
    program.tell()
    ended = threading.Event()
    found: dict[str, float] = {}

    def wait() -> None:
        found.update(program.answer())
        ended.set()

    waiting = threading.Thread(target=wait)
    waiting.start()
    beside = _timed(socket, 600.0, ended)
    waiting.join()
    if not found:
        raise StartFailed("the purge ended early")
    return int(found["messages"]), found["messages"] / found["wall"], beside


def _timed(socket: Path, seconds: float, until: threading.Event | None = None) -> float:
    """Deliver at a steady rate; return the p99 in seconds, from the turn of each message to its answer."""
    began, took, lock = time.monotonic(), list[float](), threading.Lock()
    sample = instances.body(0, mail_path.SMALL)
    numbers = iter(range(int(seconds * DELIVERIES)))

    def work() -> None:
        while not (until and until.is_set()):
            with lock:
                number = next(numbers, None)
            if number is None:
                return
            turn = began + number / DELIVERIES
            time.sleep(max(0.0, turn - time.monotonic()))
            _deliver(socket, sample, number)
            took.append(time.monotonic() - turn)

    threads = [threading.Thread(target=work) for _ in range(2 * instances.FEEDERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return instances.percentile(took, 0.99)


def _deliver(socket: Path, sample: bytes, number: int) -> None:
    unique = f"4Bench{time.monotonic_ns() % 10**10:010}".encode()
    data = sample.replace(b"4Bench0000000000", unique, 1)
    address = f"{load.box(number % BOXES + 1)}@{ours.Ours.domain}"
    request = Request(unique.decode(), len(data), load.SENDER, (address,), data)
    if instances.exchange(socket, protocol.encode(request)) != protocol.STORED:
        raise StartFailed("a delivery beside the purge failed")
