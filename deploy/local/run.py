"""`make run`: everything of one instance in the foreground, until SIGINT or SIGTERM.

Reads HTTP_PORT, SMTP_PORT, LISTEN_ADDRESS, DATA_DIR, DATABASE_URL and SMTP from the environment.
"""

import json
import os
import shlex
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from deploy.local import data_lock, leftovers, mail_log, owner, ports
from deploy.local.instance import CHECKOUT
from deploy.local.parent import ParentWatch
from deploy.local.processes import StartFailed
from deploy.local.stack import Stack
from tempmail_site import paths

POLL_SECONDS = 0.3
RESTART_SECONDS = 5.0


_asked_to_end = False


class Ended(BaseException):
    """A signal asked us to end."""


def main() -> int:
    """Run until a signal comes; return the exit code."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _end)
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        signal.signal(signal.SIGHUP, _end)
    leftovers.adopt_orphans()
    ParentWatch().start()
    try:
        data_dir = paths.data_directory()
        owner.make_directory(data_dir, owner.invoking(), 0o700)
        with data_lock.hold(data_dir):
            return _run(_stack(data_dir))
    except (StartFailed, data_lock.Running, OSError) as error:
        print(f"make run: {error}", file=sys.stderr)
        return 1
    except Ended:
        return 0


def _end(number: int, frame: FrameType | None) -> None:
    global _asked_to_end
    for ignored in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ignored, signal.SIG_IGN)  # ending takes a moment, and is not to be cut short
    # Noted too: Python drops an exception that a handler raises in the midst of a destructor. Not by an Event, whose
    # lock the interrupted code may hold.
    _asked_to_end = True
    raise Ended


def _stack(data_dir: Path) -> Stack:
    leftovers.end(paths.state_directory(data_dir))
    http_port, smtp_port = _port("HTTP_PORT", 8000), _port("SMTP_PORT", 2525)
    smtp = os.environ.get("SMTP", "") or "postfix"
    if smtp not in {"postfix", "embedded"}:
        raise StartFailed(f"SMTP is `postfix` or `embedded`, not {smtp!r}.")
    listen = _listen_address()
    for name, port in (("HTTP_PORT", http_port), ("SMTP_PORT", smtp_port)):
        if not ports.is_free(port, listen):
            raise StartFailed(
                f"{name} {port} is in use by another program; another one: {name}={port + 1} make run"
            )
    url = os.environ.get("DATABASE_URL") or None
    return Stack(
        *(data_dir, http_port, smtp_port, url, smtp),
        listen=listen,
        report=lambda step: _say(f"starting {step}"),
    )


def _listen_address() -> str:
    """Where to listen: on loopback, or everywhere. On one address alone the launcher would not find its own servers."""
    address = os.environ.get("LISTEN_ADDRESS", "") or ports.LOOPBACK
    if address not in {ports.LOOPBACK, ports.EVERYWHERE}:
        known = f"{ports.LOOPBACK} or {ports.EVERYWHERE}"
        raise StartFailed(f"LISTEN_ADDRESS is {known}, not {address!r}.")
    return address


def _port(name: str, default: int) -> int:
    text = os.environ.get(name, "") or str(default)
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise StartFailed(f"{name} is a port from 1 to 65535, not {text!r}.")
    return int(text)


def _run(stack: Stack) -> int:
    record = stack.data_dir / "run.json"
    try:
        stack.start()
        _write(record, stack)
        _say(f"ready: site {stack.url} smtp {ports.LOOPBACK}:{stack.smtp_port}")
        _say(_first_steps(stack))
        _watch(stack, lambda: _write(record, stack))
    finally:
        _say("stopping")
        stack.stop()
        leftovers.reap_orphans()
        record.unlink(missing_ok=True)
    return 0


def _watch(stack: Stack, changed: Callable[[], None]) -> None:
    """Wait for the end; start again what died, after a pause that shows it and keeps a broken one from spinning."""
    turned_over = time.monotonic()
    while not _asked_to_end:
        time.sleep(POLL_SECONDS)
        for name, child in list(stack.processes.items()):
            if child.pid is None:
                _say(
                    f"{name} ended unexpectedly, and starts again in {RESTART_SECONDS:.0f} s. Its last lines:"
                )
                _say(child.last_lines())
                time.sleep(RESTART_SECONDS)
                stack.restart(name)
                _say(f"{name} is back")
                changed()
        if time.monotonic() - turned_over > mail_log.SECONDS:
            stack.turn_mail_log_over()
            turned_over = time.monotonic()


def _write(path: Path, stack: Stack) -> None:
    """Say where everything is, for other programs; readers see the old or the new file, never half of one."""
    pids = {name: child.pid for name, child in stack.processes.items()}
    record = {
        "state_directory": str(stack.state_dir),
        "http_port": stack.http_port,
        "smtp_port": stack.smtp_port,
        "pids": {"launcher": os.getpid(), **pids},
    }
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(record, indent=2) + "\n")
    stack.owner.give(fresh)
    fresh.replace(path)


def _first_steps(stack: Stack) -> str:
    manage = ".venv/bin/python manage.py"
    if stack.data_dir != CHECKOUT / "var":
        manage = f"DATA_DIR={shlex.quote(str(stack.data_dir))} {manage}"
    send = (
        f"import smtplib; smtplib.SMTP('{ports.LOOPBACK}', {stack.smtp_port})"
        ".sendmail('me@example.org', 'ADDRESS', 'Subject: Hello\\n\\nIt works.')"
    )
    return (
        f"  A first mail: open {stack.url}/ and get an address; then, with it in the place of ADDRESS:\n"
        f'    python3 -c "{send}"\n'
        f"  An admin user, for {stack.url}/admin/:\n"
        f"    {manage} createsuperuser\n"
        "  Ctrl-C ends all of it."
    )


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
