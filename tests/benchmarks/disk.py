"""The rows `disk_5k` and `disk_20k`: bytes on disk for the bytes of mail that came."""

from contextlib import ExitStack

from tests.benchmarks import instances, mail_path, ours
from tests.benchmarks.results import Goal, Result
from tests.benchmarks.session import Report, Session

MESSAGES = 1000  # a round
GOALS = {
    mail_path.SMALL: Goal("disk_5k", "bytes on disk / bytes of mail, 5 KB", "<=", 0.75, 0.65),
    mail_path.LARGE: Goal("disk_20k", "bytes on disk / bytes of mail, 20 KB", "<=", 0.55, 0.48),
}
TABLES = ("message", "messagesource", "deduperecord")


def goals(parts: frozenset[str]) -> list[Goal]:
    """Return the goals of this row."""
    return list(GOALS.values())


def measure(session: Session) -> Report:
    """Store messages and see by how much the tables grew, with indexes and TOAST. Raises StartFailed."""
    report = Report()
    with ExitStack() as running:
        server = running.enter_context(session.postgresql())
        for size, goal in GOALS.items():
            directory = running.enter_context(session.data(goal.name))
            instance = running.enter_context(ours.running(goal.name, "", directory, server, 1))
            values = []
            with instances.program(instance.stack, "storing") as program:
                for _round in range(session.effort.rounds):
                    before = _bytes(instance)
                    raw = program.ask(size, MESSAGES)["bytes"]
                    values.append((_bytes(instance) - before) / raw)
            session.say(f"{goal.name}: {', '.join(f'{value:.3f}' for value in values)}")
            report.results.append(Result(goal, tuple(values)))
    report.remarks.append(
        "disk: tables of messages, sources and dedupe records with their indexes and TOAST, by which they grew in a "
        f"round of {MESSAGES} messages of the benchmark (prose, a signature, text and HTML)."
    )
    return report


def _bytes(instance: ours.Ours) -> int:
    sizes = instance.query(
        "SELECT sum(pg_total_relation_size(name::regclass)) FROM unnest(%s) AS name",
        [[f"mailboxes_{table}" for table in TABLES]],
    )
    return int(sizes[0][0])
