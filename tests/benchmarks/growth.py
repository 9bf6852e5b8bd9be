"""The row `growth`: what a message costs in a full database, beside an empty one."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from deploy.local.servers import PostgreSQL
from tests.benchmarks import cpu, figures, instances, mail_path, ours, quiet
from tests.benchmarks.instances import Program
from tests.benchmarks.ours import Ours
from tests.benchmarks.results import Goal, Result
from tests.benchmarks.session import Report, Session

GOAL = Goal("growth", "CPU of a message, full database / empty one", "<=", 1.25, 1.1)
MESSAGES = 500  # a round
FULL_NAME, EMPTY_NAME = "full", "empty"
# Rows as wide as those of small mail; digests and ids in no order, as real ones.
MAILBOXES = """
INSERT INTO mailboxes_mailbox (public_id, address_digest, sealed_address, public_key, domain_id, created_at,
    expires_at, max_expires_at, last_activity_at, ends_at, message_count, stored_bytes, last_sequence, webhook_count)
SELECT substr(md5(n::text), 1, 16), decode(md5(n::text || 'a'), 'hex'), decode(repeat(md5(n::text), 6), 'hex'),
    decode(md5(n::text || 'b') || md5(n::text || 'c'), 'hex'), (SELECT min(id) FROM mailboxes_domain), now(),
    now() + interval '2 days', now() + interval '2 days', now(), now() + interval '2 days', 2, 2000, 2, 0
FROM generate_series(1, %s) AS n
"""
MESSAGE_ROWS = """
WITH made AS (
    INSERT INTO mailboxes_message (id, mailbox_id, sequence, received_at, size, seen, partial, sealed_summary)
    SELECT md5(m.id::text || '-' || s)::uuid, m.id, s, now() - random() * interval '1 day', 1000, false, false,
        decode(repeat(md5(m.id::text || s), 12), 'hex')
    FROM mailboxes_mailbox AS m, generate_series(1, %s) AS s WHERE m.message_count = 2
    RETURNING id, received_at
)
INSERT INTO mailboxes_messagesource (received_at, id, sealed)
SELECT received_at, id, decode(repeat(md5(id::text), 20), 'hex') FROM made
"""
RECORDS = """
INSERT INTO mailboxes_deduperecord (digest, created_at)
SELECT decode(md5(n::text || 'd'), 'hex'), now() FROM generate_series(1, %s) AS n
"""
ISSUED = "INSERT INTO mailboxes_issuedaddress SELECT address_digest FROM mailboxes_mailbox ON CONFLICT DO NOTHING"


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two databases, with the program that stores in it."""

    program: Program
    postgres: int  # process id

    def milliseconds(self) -> float:
        """Store a round; return the CPU of a message, the program's and PostgreSQL's."""
        before = cpu.tree_seconds(cpu.snapshot(), self.postgres)
        own: float = self.program.ask(mail_path.SMALL, MESSAGES)["cpu"]
        return 1000 * (own + cpu.tree_seconds(cpu.snapshot(), self.postgres) - before) / MESSAGES


def goals(parts: frozenset[str]) -> list[Goal]:
    """Return the goal of this row."""
    return [GOAL]


def measure(session: Session) -> Report:
    """Fill one database, then store into both by turns. Raises StartFailed."""
    messages = session.effort.stored
    with ExitStack() as running:
        empty = running.enter_context(_side(session, EMPTY_NAME, 1000))
        full = running.enter_context(_side(session, FULL_NAME, messages))
        session.say(f"growth: {quiet.wait(session.effort.quiet_seconds)}")
        rounds = [
            (full.milliseconds(), empty.milliseconds()) for _ in range(session.effort.rounds + 1)
        ]
    fulls, empties = (list(side) for side in zip(*rounds[1:], strict=True))
    session.say(f"growth: {figures.spread(fulls)} beside {figures.spread(empties)} ms")
    return Report(
        results=[Result(GOAL, tuple(figures.ratios(fulls, empties)))],
        remarks=[
            f"growth: CPU of program and PostgreSQL, {figures.spread(fulls).median:.2f} ms a message at {messages:,} "
            f"stored messages in {messages // 2:,} mailboxes, {figures.spread(empties).median:.2f} at 1,000 in 500; "
            "loaded by SQL, each its own PostgreSQL."
        ],
    )


@contextmanager
def _side(session: Session, name: str, messages: int) -> Iterator[Side]:
    with (
        session.postgresql(name) as server,
        session.data(f"growth-{name}") as directory,
        ours.running(name, "", directory, server, 1) as instance,
    ):
        _fill(session, instance, messages)
        with instances.program(instance.stack, "storing") as program:
            yield Side(program, _pid(server))


def _pid(server: PostgreSQL) -> int:
    assert server.child.pid is not None
    return server.child.pid


def _fill(session: Session, instance: Ours, messages: int) -> None:
    session.say(f"loading {messages} messages")
    instance.query("SET synchronous_commit = off")
    instance.query(MAILBOXES, [messages // 2])
    instance.query(MESSAGE_ROWS, [2])
    instance.query(RECORDS, [messages])
    instance.query(ISSUED)
    instance.query("VACUUM ANALYZE")
    instance.query("CHECKPOINT")
