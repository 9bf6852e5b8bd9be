"""The rows `latency` and `latency_load`: from Postfix's 250 until a client of the event stream has been told."""

import smtplib
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from deploy.local import ports
from deploy.local.instance import CHECKOUT
from deploy.local.processes import StartFailed
from tests.benchmarks import (
    figures,
    instances,
    letters,
    load,
    mail_path,
    master_cf,
    ours,
    quiet,
    rounds,
)
from tests.benchmarks.crowd import Crowd
from tests.benchmarks.ours import Ours
from tests.benchmarks.results import Goal, Result
from tests.benchmarks.session import Report, Session

IDLE = Goal("latency", "250 to told, idle / with a Django start for each message", "<=", 0.15, 0.07)
LOADED = Goal("latency_load", "250 to told at half load, p95", "<=", None, 100, "ms")
MESSAGES = 15  # of a round, one after the other
BOXES = 20
WAIT_SECONDS = 60.0
SENDERS = 8


def goals(parts: frozenset[str]) -> list[Goal]:
    """Return the goals of these rows."""
    return [IDLE, LOADED]


def measure(session: Session) -> Report:
    """Time single messages through both scripts by turns, then ours at half of what it can take. Raises StartFailed."""
    with ExitStack() as running:
        server = running.enter_context(session.postgresql())
        sides: dict[str, tuple[Ours, Crowd]] = {}
        for name in ("ours", "django"):
            directory = running.enter_context(session.data(f"latency-{name}"))
            count = session.effort.boxes
            instance = running.enter_context(ours.running(name, "", directory, server, count))
            if name == "django":
                running.enter_context(_full_django(instance))
            tokens = [load.token(number) for number in range(1, BOXES + 1)]
            crowd = running.enter_context(Crowd(instance.stack.http_port, tokens))
            sides[name] = (instance, crowd)
        session.say(f"latency: {quiet.wait(session.effort.quiet_seconds)}")
        medians: dict[str, list[float]] = {name: [] for name in sides}
        for number in range(session.effort.rounds + 1):
            for name, (instance, crowd) in sides.items():
                took = statistics.median(_one_by_one(instance, crowd))
                medians[name] += [took] if number else []
        session.say(f"latency: {medians}")
        loaded = _under_load(session, *sides["ours"])
    ratios = figures.ratios(medians["ours"], medians["django"])
    idle, django = (1000 * figures.spread(values).median for values in medians.values())
    return Report(
        results=[Result(IDLE, tuple(ratios)), Result(LOADED, (1000 * loaded.p95,))],
        remarks=[
            f"latency: {idle:.1f} ms beside {django:.0f} ms; under load {loaded.rate:.0f} messages/s were sent, half "
            f"of the {2 * loaded.rate:.0f} that the pipe took; {loaded.count} of them were timed."
        ],
    )


def _one_by_one(instance: Ours, crowd: Crowd) -> list[float]:
    """Return the seconds that each of some messages took, with nothing else under way."""
    took = []
    with smtplib.SMTP(ports.LOOPBACK, instance.stack.smtp_port) as client:
        for number in range(MESSAGES):
            before = sum(map(len, crowd.told))
            accepted = _send(client, number % BOXES + 1)
            if crowd.wait_for(before + 1, WAIT_SECONDS) <= before:
                raise StartFailed("a message was not told")
            took.append(max(times[-1] for times in crowd.told if times) - accepted)
    return took


def _send(client: smtplib.SMTP, number: int) -> float:
    """Send a message to a mailbox; return when it was accepted, in monotonic seconds."""
    message = letters.letter(mail_path.SMALL)
    client.sendmail(load.SENDER, [f"{load.box(number)}@{ours.Ours.domain}"], message)
    return time.monotonic()


class _Loaded:
    """What a run at half load showed."""

    def __init__(self, rate: float, took: list[float]) -> None:
        self.rate, self.count = rate, len(took)
        self.p95 = instances.percentile(took, 0.95)


def _under_load(session: Session, instance: Ours, crowd: Crowd) -> _Loaded:
    """Send at half of the rate that the pipe takes; time those to the mailboxes that are watched."""
    file = session.directory / "letter-latency.eml"
    file.write_text(letters.letter(mail_path.SMALL), encoding="ascii")
    whole = rounds.run(instance, file, min(session.effort.boxes, 400)).rate
    crowd_before = [len(times) for times in crowd.told]
    accepted: list[list[float]] = [[] for _ in crowd.told]
    count = int(whole / 2 * session.effort.seconds * 2)
    _send_many(instance, accepted, count, whole / 2)
    crowd.wait_for(sum(crowd_before) + count, WAIT_SECONDS)
    took = []
    for times, sent, before in zip(crowd.told, accepted, crowd_before, strict=True):
        if len(times) - before != len(sent):
            raise StartFailed("a message under load was not told")
        # of one mailbox in the order of their commits: a pair may be exchanged, the sum is not
        took += [max(0.0, told - at) for told, at in zip(times[before:], sorted(sent), strict=True)]
    return _Loaded(whole / 2, took)


def _send_many(instance: Ours, accepted: list[list[float]], count: int, rate: float) -> None:
    turns = instances.Turns(range(count), rate)

    def work() -> None:
        with smtplib.SMTP(ports.LOOPBACK, instance.stack.smtp_port) as client:
            for number, _due in turns:
                box = number % BOXES
                accepted[box].append(_send(client, box + 1))

    instances.in_threads(SENDERS, work)


@contextmanager
def _full_django(instance: Ours) -> Iterator[None]:
    """Put the script that starts Django behind pipe(8), with the settings of the instance; it may use its Redis."""
    stack = instance.stack
    place = stack.state_dir / "bin"
    env = place / "environment"
    keys = (stack.data_dir / "secrets.env").read_text().splitlines()
    values = {name: value for name, value in stack.env.items() if "\n" not in value}
    values |= {"DJANGO_SETTINGS_MODULE": "tempmail_site.settings", "DATA_DIR": str(place)}
    values |= dict(line.replace("'", "").partition("=")[::2] for line in keys if "=" in line)
    values["PYTHONPATH"] = str(CHECKOUT)
    env.write_text("".join(f"{name}={value}\n" for name, value in values.items()))
    (stack.state_dir / "redis").chmod(0o755)
    (stack.state_dir / "redis" / "redis.sock").chmod(0o777)
    master = instance.postfix.config / "master.cf"
    words = [sys.executable, "-B", "-m", "tests.benchmarks.full_django", str(env)]
    command = (
        f"pipe user=nobody:nogroup directory={CHECKOUT} null_sender= "
        f"argv={' '.join(words)} ${{queue_id}} ${{sender}} ${{recipient}}"
    )
    master.write_text(master_cf.replaced(master.read_text(), command))
    instance.postfix.reload()
    yield
