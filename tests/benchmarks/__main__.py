"""`make bench`: measures the product beside its peers, prints Markdown, and writes DATA_DIR/bench/results.json.

The environment may say less than all: ONLY=pipe,lmtp (parts of rows.py); ROUNDS, SECONDS (of a round), RUNS (of the
script), BOXES (most messages of a round), STORED, FED, STREAMS, PURGED (session.py), QUIET (seconds to wait for a quiet
machine). Exit status 1 when something could not
be measured; a missed goal is a result like any other.
"""

import os
import platform
import signal
import sys
import traceback
from collections.abc import Sequence
from types import FrameType

from deploy.local import data_lock, leftovers, mail_server, owner
from deploy.local.parent import ParentWatch
from deploy.local.processes import StartFailed
from tempmail_site import paths
from tests.benchmarks import results, rows, table
from tests.benchmarks.results import Result
from tests.benchmarks.session import Effort, Report, Session


class Ended(BaseException):
    """A signal asked us to end."""


def main() -> int:
    """Measure what is asked for; return the exit status."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, _end)
    leftovers.adopt_orphans()
    ParentWatch().start()
    directory = paths.data_directory() / "bench"
    try:
        if reason := mail_server.missing():
            raise StartFailed(f"{reason} sudo make bench")
        parts, effort = rows.chosen(os.environ.get("ONLY", "")), Effort.from_environment()
        owner.make_directory(directory, owner.invoking(), 0o700)
        with data_lock.hold(directory):
            return _measure_all(Session(directory, effort, parts))
    except (StartFailed, data_lock.Running, OSError, ValueError) as error:
        print(f"make bench: {error}", file=sys.stderr)
        return 1
    except Ended:
        print("make bench: interrupted, everything is taken down", file=sys.stderr)
        return 1
    finally:
        leftovers.reap_orphans()


def _end(number: int, frame: FrameType | None) -> None:
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)  # ending takes a moment, and is not to be cut short
    raise Ended


def _measure_all(session: Session) -> int:
    reports = []
    session.clear()
    try:
        for row in rows.ROWS:
            if wanted := row.parts & session.parts:
                reports.append(_measure(row, session, wanted))
    finally:
        session.clear()
    found = [result for report in reports for result in report.results]
    file = session.directory / "results.json"
    results.write(found, file)
    owner.invoking().give(file)
    _print(reports, found)
    print(f"\nwritten: {file}")
    return 0 if all(result.values for result in found) else 1


def _measure(row: rows.Row, session: Session, wanted: frozenset[str]) -> Report:
    try:
        return row.measure(session)
    except Exception as error:  # noqa: BLE001 - one row takes no other one along
        traceback.print_exc()
        session.say(f"{', '.join(sorted(wanted))} could not be measured: {error}")
        return Report([Result(goal, (), repr(error)) for goal in row.goals(session.parts)])


def _print(reports: Sequence[Report], found: Sequence[Result]) -> None:
    print(f"\n## Measured on {_machine()}\n\n{table.of_results(found)}")
    for report in reports:
        for text in report.tables:
            print(f"\n{text}")
    print()
    for remark in (remark for report in reports for remark in report.remarks):
        print(f"- {remark}")
    for result in found:
        if result.error:
            print(f"- NOT MEASURED: {result.goal.name}: {result.error}")


def _machine() -> str:
    return f"{os.cpu_count()} cores, Linux {platform.release()}, Python {platform.python_version()}"


if __name__ == "__main__":
    sys.exit(main())
