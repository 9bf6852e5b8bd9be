"""The row `purge`: how fast what has ended is removed, while mail comes in, and whether its space comes back."""

import threading
import time
from contextlib import ExitStack

from deploy.local.processes import StartFailed
from tests.benchmarks import figures, growth, instances, mail_path, ours, quiet
from tests.benchmarks.instances import Feeder, Program
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
        instance.stack.processes["tasks"].stop()  # beat's own purge would take its share
        program = running.enter_context(instances.program(instance.stack, "purging"))
        feeder = Feeder(instance, BOXES, mail_path.SMALL)
        session.say(f"purge: {quiet.wait(session.effort.quiet_seconds)}")
        for number in range(session.effort.rounds):
            _fill(instance, mailboxes, number)
            sizes.append(_disk(instance))
            alone = _timed(feeder, session.effort.seconds)
            instance.query(_END)
            messages, rate, beside = _purged(program, feeder)
            if messages != mailboxes * EACH:
                raise StartFailed(f"{messages} of {mailboxes * EACH} messages were purged")
            rates.append(rate)
            slowed.append(beside / alone)
            session.say(
                f"purge: {rate:.0f}/s, p99 {1000 * beside:.1f} ms, alone {1000 * alone:.1f}; "
                f"{sizes[-1]:.2f} bytes on disk for one of mail"
            )
    cycled = sizes[1:] or sizes  # the first has been through no purge
    return Report(
        results=[
            Result(RATE, tuple(rates)),
            Result(SLOWED, tuple(slowed)),
            Result(SPACE, (sizes[-1] / cycled[0],)),
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


def _purged(program: Program, feeder: Feeder) -> tuple[int, float, float]:
    """Purge beside deliveries; return the messages, how many a second, and the p99 of deliveries in seconds."""
    program.tell()
    ended = threading.Event()
    found: dict[str, float] = {}

    def wait() -> None:
        found.update(program.answer())
        ended.set()

    waiting = threading.Thread(target=wait)
    waiting.start()
    beside = _timed(feeder, 600.0, ended)
    waiting.join()
    if not found:
        raise StartFailed("the purge ended early")
    return int(found["messages"]), found["messages"] / found["wall"], beside


def _timed(feeder: Feeder, seconds: float, until: threading.Event | None = None) -> float:
    """Deliver at a steady rate; return the p99 in seconds, from the turn of each message to its answer."""
    took: list[float] = []
    turns = feeder.turns(int(seconds * DELIVERIES), DELIVERIES)

    def work() -> None:
        for number, due in turns:
            if until and until.is_set():
                return
            feeder.hand_over(number)
            took.append(time.monotonic() - due)

    instances.in_threads(2 * instances.FEEDERS, work)
    return instances.percentile(took, 0.99)
