"""A host with the users and directories of an installed server, and programs and files that a test puts there.

It has a network, mounts and users of its own (namespaces(7)): ports are 80 and 443, paths those of an installed server,
and nothing of the machine is touched.
"""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Self

from deploy.server import rendering
from tests import certificates
from tests.system.network import Network

CHECKOUT = Path(__file__).resolve().parents[3]
DEPLOY = CHECKOUT / "deploy"
SITE, MX, DOMAIN = "mail.edge.test", "mx.edge.test", "edge.test"
NAMES = (SITE, MX, f"mta-sts.{DOMAIN}")
METRICS_TOKEN = "metrics-token-of-the-edge"
VALUES = {
    "SITE_HOST": SITE,
    "MAIL_DOMAIN": DOMAIN,
    "MX_HOST": MX,
    "CERTIFICATE": "/etc/tempmail/tls/fullchain.pem",
    "CERTIFICATE_KEY": "/etc/tempmail/tls/privkey.pem",
    "SSH_PORT": "22",
}
DEADLINE = 60.0
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_MOUNTS = """
set -eu
cp -a /etc "$1/etc"
mount --bind "$1/etc" /etc
for place in /run /var/log /var/lib /var/spool /opt; do mount -t tmpfs tmpfs "$place"; done
mkdir -p /opt/tempmail/current /var/log/nginx /var/lib/nginx /run/redis-tempmail /run/fail2ban
mount --bind "$2" /opt/tempmail/current
systemd-sysusers "$2/deploy/systemd/tempmail.sysusers"
systemd-tmpfiles --create "$2/deploy/systemd/tempmail.tmpfiles"
"""


class Host:
    """The host `name` of a network. Use as a context manager; what it runs ends with it."""

    def __init__(self, network: Network, name: str, scratch: Path) -> None:
        self.network, self.name, self.scratch = network, name, scratch
        self._holder: subprocess.Popen[bytes] | None = None
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Self:
        try:
            self._enter_namespaces()
            self.run("sh", "-c", _MOUNTS, "sh", str(self.scratch), str(CHECKOUT))
            self.make_certificate()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *exc_info: object) -> None:
        for name in reversed(list(self._running)):
            self.stop(name)
        if self._holder:
            self._holder.kill()
            self._holder.wait()

    # ---- Programs ---------------------------------------------------------------------------------------------------

    def command(self, *words: str) -> list[str]:
        """Return a command that runs on this host."""
        assert self._holder
        line = ["nsenter", "-t", str(self._holder.pid), "--mount", "--net", "--root", "--wd"]
        return [*line, "--", *words]

    def run(
        self, *words: str, check: bool = True, input: str | None = None, **env: str
    ) -> "subprocess.CompletedProcess[str]":
        """Run a program on this host, as root."""
        done = subprocess.run(
            self.command(*words),
            check=False,
            input=input,
            capture_output=True,
            text=True,
            env={"PATH": PATH, "LC_ALL": "C.UTF-8", **env},
            timeout=DEADLINE,
        )
        assert not check or done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
        return done

    def start(self, name: str, *words: str, **env: str) -> None:
        """Start a program, which is known by this name from here on; its output goes to `log(name)`."""
        with self.log(name).open("ab") as output:
            self._running[name] = subprocess.Popen(
                self.command(*words),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={"PATH": PATH, "LC_ALL": "C.UTF-8", **env},
                start_new_session=True,
            )

    def stop(self, name: str) -> None:
        """End a program and wait until it is gone with all that it started."""
        running = self._running.pop(name)
        running.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            running.wait(20)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(running.pid, signal.SIGKILL)
        running.wait()

    def log(self, name: str) -> Path:
        """Where the output of a started program is."""
        return self.scratch / f"{name}.out"

    def wait_until(self, is_so: Callable[[], object], what: str) -> None:
        """Wait for an event."""
        deadline = time.monotonic() + DEADLINE
        while not is_so():
            dead = [name for name, one in self._running.items() if one.poll() is not None]
            outputs = "".join(self.log(name).read_text()[-3000:] for name in dead)
            assert not dead, f"{what}: {dead} ended:\n{outputs}"
            assert time.monotonic() < deadline, what
            time.sleep(0.05)

    # ---- Files ------------------------------------------------------------------------------------------------------

    def path(self, absolute: str) -> Path:
        """Return a file of this host as it is reached from outside."""
        assert self._holder
        return Path(f"/proc/{self._holder.pid}/root{absolute}")

    def write(self, absolute: str, text: str, mode: int = 0o644) -> None:
        """Write a file of this host."""
        path = self.path(absolute)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)

    def place(self, source: str, target: str) -> None:
        """Put a file of deploy/ where an installed server has it, rendered if it is a template."""
        file = DEPLOY / source
        text = rendering.render(file, VALUES) if file.suffix == ".in" else file.read_text()
        self.write(target, text)

    def make_certificate(self) -> None:
        """Make one for all names; visitors trust it."""
        both = certificates.make(self.scratch / "both.pem", *NAMES).read_text()
        key, begin, chain = both.partition("-----BEGIN CERTIFICATE-----")
        self.write(VALUES["CERTIFICATE_KEY"], key, 0o600)
        self.write(VALUES["CERTIFICATE"], begin + chain)
        (self.scratch / "ca.pem").write_text(begin + chain)

    def _enter_namespaces(self) -> None:
        words = ["unshare", "--mount", "--propagation", "private", "sleep", "infinity"]
        self._holder = subprocess.Popen([*self.network.command(self.name), *words])
        name = Path(f"/proc/{self._holder.pid}/comm")
        deadline = time.monotonic() + DEADLINE
        while name.read_text() != "sleep\n":
            assert time.monotonic() < deadline
            time.sleep(0.02)


def lines(path: Path) -> Sequence[str]:
    """Return the lines of a log, none where there is no such file."""
    return path.read_text(errors="replace").splitlines() if path.exists() else []
