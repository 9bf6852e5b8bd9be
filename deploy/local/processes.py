"""One child process that the launcher owns: started in its own session, ended with everything it started."""

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from deploy.local.owner import Owner

STOP_SECONDS = 15.0
LOG_BYTES = 1_000_000


class StartFailed(Exception):
    """A server did not come up, or cannot run here; the text says what to do."""


@dataclass(slots=True)
class Child:
    """A program in the foreground. `stop_signal` asks it to end; what is left after STOP_SECONDS is killed."""

    name: str
    command: Sequence[str]
    env: Mapping[str, str]
    cwd: Path
    log: Path
    owner: Owner | None = None
    group: int | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)
    log_start: int = field(default=0, init=False)

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        return self.process.pid if self.process and self.process.poll() is None else None

    def start(self) -> None:
        """Start the program. Raises OSError when there is no such program."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        if self.log.exists() and self.log.stat().st_size >= LOG_BYTES:
            # by logrotate(8)'s name for it, so that it is deleted in time
            day, now = time.strftime("%Y%m%d"), int(time.time())
            self.log.rename(self.log.with_name(f"{self.log.name}-{day}-{now}"))
        # always O_APPEND: a log may be emptied while this program writes
        with self.log.open("ab") as output:
            self.log_start = output.tell()
            if self.owner:
                self.owner.give(self.log)
            self.process = subprocess.Popen(
                with_parent_death_signal(self.command, self.stop_signal),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=self.cwd,
                env=dict(self.env),
                start_new_session=True,
                umask=0o077,
                **(self.owner.popen_arguments(self.group) if self.owner else {}),
            )

    def send_signal(self, number: signal.Signals) -> None:
        """Send a signal to the process itself (SIGSTOP, SIGKILL, SIGHUP in tests); ignored when it is gone."""
        if self.process:
            self.process.send_signal(number)

    def send_signal_to_all(self, number: signal.Signals) -> None:
        """Send a signal to the process and all that it started in its session."""
        if self.process:
            os.killpg(self.process.pid, number)

    def stop(self, seconds: float = STOP_SECONDS) -> None:
        """Ask it to end, wait, then kill what is left of its session. Safe to call twice."""
        if self.process is None:
            return
        self.process.send_signal(self.stop_signal)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(seconds)
        kill_group(self.process.pid)
        self.process.wait()

    def last_lines(self, count: int = 15) -> str:
        """Return the end of what it printed since it was started."""
        lines = self._printed().decode("utf-8", "replace").splitlines()
        return "\n".join(f"    {line}" for line in lines[-count:])

    def printed(self, text: str) -> bool:
        """Return whether it printed this text since it was started."""
        return text.encode() in self._printed()

    def _printed(self) -> bytes:
        if not self.log.exists():
            return b""
        with self.log.open("rb") as log:
            # a log that was turned over meanwhile begins anew
            log.seek(self.log_start if self.log_start <= self.log.stat().st_size else 0)
            return log.read()

    def wait_until(self, ready: Callable[[], bool], seconds: float = 60.0) -> None:
        """Wait until `ready`; raises StartFailed when the process ends before, or time is over."""
        deadline = time.monotonic() + seconds
        while not ready():
            if self.pid is None:
                raise StartFailed(
                    f"{self.name} ended while starting. Its last lines:\n{self.last_lines()}"
                )
            if time.monotonic() > deadline:
                raise StartFailed(
                    f"{self.name} does not answer. Its last lines:\n{self.last_lines()}"
                )
            time.sleep(0.05)


def kill_group(group: int) -> None:
    """Kill whatever is left of a process group that we started."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


def with_parent_death_signal(command: Sequence[str], number: signal.Signals) -> list[str]:
    """Return the command so that the kernel ends it when the launcher dies, however that happens (prctl(2)).

    setpriv(1) sets it after the change of user, which would clear it, and without running Python between fork and exec.
    """
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        return list(command)
    return [setpriv, "--pdeathsig", number.name.removeprefix("SIG"), "--", *command]
