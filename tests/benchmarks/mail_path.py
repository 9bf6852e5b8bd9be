"""The rows `pipe` and `lmtp`: the product's two ways in beside their peers, in one run of interleaved rounds."""

import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

from deploy.local.processes import StartFailed
from deploy.local.servers import PostgreSQL
from tests.benchmarks import figures, filesystems, letters, load, ours, peers, quiet, table
from tests.benchmarks.contenders import Contender
from tests.benchmarks.results import Goal, Result
from tests.benchmarks.rounds import Series, interleaved
from tests.benchmarks.session import Report, Session

ERROR_LENGTH = 400
SMALL, LARGE = 5 * 1024, 20 * 1024
FAMILIES = ("postfix", "script", "worker", "postgres", "redis", "dovecot")

# name of the goal: what it compares, with messages of so many bytes
COMPARED = {
    "pipe_vs_python": ("pipe", "pipe_python", SMALL),
    "pipe_vs_dovecot_lda": ("pipe", "dovecot_lda", SMALL),
    "lmtp_vs_dovecot_5k": ("lmtp", "dovecot_lmtp", SMALL),
    "lmtp_vs_dovecot_20k": ("lmtp", "dovecot_lmtp", LARGE),
    "lmtp_vs_discard": ("lmtp", "discard", SMALL),
    "policy": ("pipe", "pipe_unasked", SMALL),
}
GOALS = (
    Goal("pipe_vs_python", "pipe path / pipe to bare Python, msg/s", ">=", 0.72, 0.80),
    Goal("pipe_vs_dovecot_lda", "pipe path / pipe to dovecot-lda, msg/s", ">=", 0.95, 1.05),
    Goal("lmtp_vs_dovecot_5k", "LMTP path / Dovecot LMTP, 5 KB, msg/s", ">=", 0.85, 1.1),
    Goal("lmtp_vs_dovecot_20k", "LMTP path / Dovecot LMTP, 20 KB, msg/s", ">=", 0.85, 1.1),
    Goal("lmtp_vs_discard", "LMTP path / Postfix to discard, msg/s", ">=", 0.35, 0.45),
    Goal("policy", "pipe path with the question at RCPT / without, msg/s", ">=", 0.9, 0.95),
)
PEERS: Mapping[str, Callable[[Path, int], AbstractContextManager[Contender]]] = {
    "discard": peers.discard,
    "pipe_python": peers.pipe_python,
    "dovecot_lda": peers.dovecot_lda,
    "dovecot_lmtp": peers.dovecot_lmtp,
}
OURS = {
    "pipe": ("our pipe(8) path", "pipe"),
    "lmtp": ("our LMTP path", "lmtp"),
    "pipe_unasked": ("our pipe(8) path, nothing asked at RCPT", "pipe"),
}
REMARKS = (
    "A round ends when the last message has left the queue; every message is then counted, by Postfix's log and in "
    "the store.",
    "All have the same smtpd, queue and concurrency, from our templates. Ours ask the worker about each recipient "
    "(policy service); the peers ask nobody.",
    "Durable: Postfix's queue always; {durability}; Dovecot mail_fsync=always, Maildir.",
    "CPU: whole process trees with their ended children from /proc, exact to a clock tick (10 ms) a round for each "
    "living process that has had children; `script` is what pipe(8) ran, seen ten times a second, so that about 1 % "
    "of it may count as postfix. `load` is smtp-source, `others` all else on the machine (from ticks, rough).",
)


def goals(parts: frozenset[str]) -> list[Goal]:
    """Return the goals of the parts asked for."""
    return [goal for goal in GOALS if COMPARED[goal.name][0] in parts]


def measure(session: Session) -> Report:
    """Measure the parts `pipe` and `lmtp` that are asked for; a contender that fails takes only its own results along.

    Raises StartFailed when there is no PostgreSQL.
    """
    report = Report()
    errors: dict[str, str] = {}
    with ExitStack() as running:
        server = running.enter_context(session.postgresql())
        report.remarks += [line.format(durability=ours.durability(server)) for line in REMARKS]
        report.remarks.append(f"Spools and database: {filesystems.describe(server.data)}.")
        contenders = _start_all(session, running, server, errors)
        session.say(quiet.wait(session.effort.quiet_seconds))
        for size in (SMALL, LARGE):
            _measure_size(session, report, contenders, size, errors)
    return report


def _wanted(parts: frozenset[str], size: int) -> list[str]:
    """Return the contenders of the goals with messages of this size, ours first."""
    pairs = [COMPARED[goal.name] for goal in goals(parts) if COMPARED[goal.name][2] == size]
    names = {name for pair in pairs for name in pair[:2]}
    if size == SMALL and names:
        names.add("discard")  # beside both transports
    return [name for name in (*OURS, *PEERS) if name in names]


def _start_all(
    session: Session, running: ExitStack, server: PostgreSQL, errors: dict[str, str]
) -> dict[str, Contender]:
    contenders: dict[str, Contender] = {}
    for name in _wanted(session.parts, SMALL):
        session.say(f"starting {name}")
        try:
            contenders[name] = running.enter_context(_contender(session, server, name))
        except (StartFailed, OSError, ValueError, subprocess.SubprocessError) as error:
            errors[name] = f"{name} did not start: {str(error)[:ERROR_LENGTH]}"
            session.say(errors[name])
    return contenders


@contextmanager
def _contender(session: Session, server: PostgreSQL, name: str) -> Iterator[Contender]:
    boxes = session.effort.boxes
    if name in OURS:
        what, transport = OURS[name]
        settings = {"DELIVERY_TRANSPORT": transport}
        with (
            session.data(name) as directory,
            ours.running(name, what, directory, server, boxes, settings) as instance,
        ):
            if name == "pipe_unasked":
                instance.postfix.reload(smtpd_recipient_restrictions=peers.NO_POLICY)
            yield instance
    else:
        with session.state(name) as directory, PEERS[name](directory, boxes) as peer:
            yield peer


def _measure_size(
    session: Session,
    report: Report,
    contenders: Mapping[str, Contender],
    size: int,
    errors: Mapping[str, str],
) -> None:
    chosen = [contenders[name] for name in _wanted(session.parts, size) if name in contenders]
    file = session.directory / f"letter-{size}.eml"
    file.write_text(letters.letter(size), encoding="ascii")
    session.say(f"{size // 1024} KB: {', '.join(one.name for one in chosen)}")
    series = interleaved(chosen, file, session.effort, session.say)
    failed = dict(errors) | {name: one.error for name, one in series.items() if one.error}
    report.tables.append(
        f"### {size // 1024} KB messages, {load.SESSIONS} sessions\n\n{_table(series)}"
    )
    for goal in goals(session.parts):
        ours_name, peer, of_size = COMPARED[goal.name]
        if of_size == size:
            report.results.append(_result(goal, ours_name, peer, series, failed))


def _result(
    goal: Goal, name: str, peer: str, series: Mapping[str, Series], errors: Mapping[str, str]
) -> Result:
    if error := errors.get(name) or errors.get(peer):
        return Result(goal, (), error)
    return Result(goal, tuple(figures.ratios(series[name].rates, series[peer].rates)))


def _table(series: Mapping[str, Series]) -> str:
    head = ("way", "msg/s", "min", "max", "msgs", "CPU ms/msg", *FAMILIES, "load", "others")
    return table.markdown(head, [_row(one) for one in series.values() if one.rounds])


def _row(series: Series) -> tuple[str, ...]:
    rates, rounds = figures.spread(series.rates), series.rounds

    def middle(values: Iterable[float]) -> str:
        return table.number(figures.spread(list(values)).median)

    used = [
        middle(one.milliseconds(family) for one in rounds) if family in rounds[0].cpu else "-"
        for family in (*FAMILIES, "load")
    ]
    others = middle(1000 * one.others / one.messages for one in rounds)
    speeds = (table.number(number) for number in (rates.median, rates.min, rates.max))
    total = middle(one.all_milliseconds for one in rounds)
    return (series.contender.what, *speeds, str(series.count), total, *used, others)
