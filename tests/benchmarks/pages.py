"""The row `page_sealed`: the inbox page of 20 sealed messages, beside the same page from plain rows."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from deploy.local import ports
from deploy.local.instance import CHECKOUT
from deploy.local.processes import Child, StartFailed
from deploy.local.servers import find
from deploy.local.stack import Stack
from tests.benchmarks import figures, instances, ours, quiet
from tests.benchmarks.results import Goal, Result
from tests.benchmarks.session import Report, Session

GOAL = Goal("page_sealed", "inbox page, sealed / plain rows, requests/s", ">=", 0.75, 0.85)
MESSAGES = 20
CONNECTIONS = 4
SIDES = {"sealed": "tempmail_site.wsgi", "plain": "tests.benchmarks.plain_site"}
# Each request from a network of its own: the limits stay on, and count each.
_VISITORS = """
local number = 0
request = function()
  number = number + 1
  local high, low = math.floor(number / 200) % 200, number % 200
  wrk.headers["X-Forwarded-For"] = "198." .. high .. "." .. low .. ".1"
  return wrk.format()
end
"""
_RATE = re.compile(r"Requests/sec:\s+([\d.]+)")


def goals(parts: frozenset[str]) -> list[Goal]:
    """Return the goal of this row."""
    return [GOAL]


def measure(session: Session) -> Report:
    """Load both sites by turns with wrk(1). Raises StartFailed."""
    effort = session.effort
    with ExitStack() as running:
        server = running.enter_context(session.postgresql())
        directory = running.enter_context(session.data("pages"))
        believed = {"TRUSTED_PROXIES": ports.LOOPBACK}
        instance = running.enter_context(ours.running("pages", "", directory, server, 1, believed))
        visitors = session.directory / "visitors.lua"
        visitors.write_text(_VISITORS)
        with instances.program(instance.stack, "boxes") as program:
            made = dict(zip(SIDES, program.ask(len(SIDES), MESSAGES), strict=True))
            program.ask("plain", made["plain"][2])
        urls = {}
        for side, module in SIDES.items():
            port = running.enter_context(_site(instance.stack, side, module))
            urls[side] = f"http://{ports.LOOPBACK}:{port}"
        session.say(f"page_sealed: {quiet.wait(effort.quiet_seconds)}")
        rates: dict[str, list[float]] = {side: [] for side in SIDES}
        for number in range(effort.rounds + 1):
            for side, (public_id, _address, token) in made.items():
                url, cookie = f"{urls[side]}/m/{public_id}/", f"m-{public_id}={token}"
                rate = _load(url, cookie, visitors, effort.seconds)
                rates[side] += [rate] if number else []
    session.say(f"page_sealed: {rates}")
    ratios = figures.ratios(rates["sealed"], rates["plain"])
    medians = {side: figures.spread(values).median for side, values in rates.items()}
    return Report(
        results=[Result(GOAL, tuple(ratios))],
        remarks=[
            f"page_sealed: gunicorn, one process with {CONNECTIONS} threads, as many connections (wrk): "
            f"{medians['sealed']:.0f} pages/s sealed, {medians['plain']:.0f} plain."
        ],
    )


@contextmanager
def _site(stack: Stack, name: str, module: str) -> Iterator[int]:
    """Run gunicorn as in production, with one process; yield its port. Raises StartFailed."""
    port = ports.free()
    options = f"-w 1 -k gthread --threads {CONNECTIONS} -b {ports.LOOPBACK}:{port}"
    words = [*options.split(), "--no-control-socket", f"{module}:application"]
    command = [sys.executable, "-m", "gunicorn", *words]
    log = stack.log_directory / f"{name}.log"
    child = Child(name, command, stack.env, CHECKOUT, log, stack.owner)
    child.start()
    try:
        child.wait_until(lambda: ports.answers_http(port, "/healthz"))
        yield port
    finally:
        child.stop()


def _load(url: str, cookie: str, script: Path, seconds: float) -> float:
    """Return requests a second. Raises StartFailed where one of them was not answered 200."""
    words = ["-t1", f"-c{CONNECTIONS}", f"-d{max(1, round(seconds))}s", "-H", f"Cookie: {cookie}"]
    words += ["-s", str(script)]
    done = subprocess.run([find("wrk"), *words, url], check=False, capture_output=True, text=True)
    rate = _RATE.search(done.stdout)
    if rate is None or "Non-2xx" in done.stdout or "Socket errors" in done.stdout:
        raise StartFailed(f"wrk: {done.stdout}{done.stderr}")
    return float(rate[1])
