"""Starts `make run` as a user does, and looks at what it leaves behind."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

from deploy.local import leftovers, ports
from tempmail_site import paths

DEADLINE_SECONDS = 120


class Launcher:
    """One `make run` with a data directory and ports of its own; what it prints is in `output`."""

    def __init__(self, directory: Path, **environment: str) -> None:
        self.data_dir = directory / "da ta"
        self.output = directory / "output"
        self.http_port, self.smtp_port = ports.free(), ports.free()
        self.state_dir = paths.state_directory(self.data_dir)
        self.env = {
            "PATH": os.environ["PATH"],
            "HOME": os.environ["HOME"],
            "DATA_DIR": str(self.data_dir),
            "HTTP_PORT": str(self.http_port),
            "SMTP_PORT": str(self.smtp_port),
            **environment,
        }
        self.make: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait for the line that says that all of it answers."""
        with self.output.open("wb") as output:
            self.make = self.spawn("run", output.fileno())
        self.wait_for(lambda: "\nready: " in f"\n{self.printed()}")

    def spawn(self, target: str, output: int = subprocess.PIPE) -> subprocess.Popen[bytes]:
        """Start a make target in a session of its own."""
        return subprocess.Popen(
            ["make", target],
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=paths.CHECKOUT,
            env=self.env,
            start_new_session=True,
            # As from a terminal, also where the tests run under nohup(1): it would be taken for a detached start.
            preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL),
        )

    def complete(self, target: str) -> tuple[int, str]:
        """Run a make target to its end; return its exit code and what it printed."""
        process = self.spawn(target)
        printed, _ = process.communicate(timeout=DEADLINE_SECONDS)
        return process.returncode, printed.decode()

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal to make alone and wait for it; return its exit code."""
        assert self.make is not None
        self.make.send_signal(number)
        return self.make.wait(DEADLINE_SECONDS)

    def wait_for(self, condition: Any) -> None:
        """Wait until the condition holds; fail when make ends before, or it takes too long."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not condition():
            assert self.make is not None
            assert self.make.poll() is None, self.printed()
            assert time.monotonic() < deadline, self.printed()
            time.sleep(0.1)

    def printed(self) -> str:
        """Return what it printed so far."""
        return self.output.read_text()

    def record(self) -> dict[str, Any]:
        """Return what run.json says."""
        loaded: dict[str, Any] = json.loads((self.data_dir / "run.json").read_text())
        return loaded

    def processes(self) -> list[int]:
        """Return the processes of this instance that live."""
        return leftovers.instance_pids(self.state_dir)

    def manage(self, *arguments: str) -> str:
        """Run manage.py as from a second shell."""
        return subprocess.run(
            [".venv/bin/python", "manage.py", *arguments],
            check=True,
            capture_output=True,
            text=True,
            cwd=paths.CHECKOUT,
            env={"DATA_DIR": str(self.data_dir), "PATH": os.environ["PATH"]},
        ).stdout
