"""A machine of its own in name spaces: systemd as PID 1 over a throw-away copy of this root file system.

The copy is an overlay in memory: nothing of this machine is changed. Our units run in it as on a server, with all that
shuts them in, beside Debian's Postfix, PostgreSQL and Redis. A disk is not imitated, nor a boot loader, nor a kernel.
"""

import http.client
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self

import pytest

from tests.system import machine

CHECKOUT = Path(__file__).resolve().parents[2]
SETUP = Path(__file__).with_name("booted_setup.sh")
SECONDS = 120.0
DOMAIN = "tempmail.test"
_LEFT_OUT = (".git", ".venv", "var", "node_modules", "__pycache__", ".*_cache")
_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

# Runs in the new name spaces, on mounts that nobody else sees. pivot_root(2) and not chroot(2): in a chroot the kernel
# refuses the user name spaces of PrivateUsers= (user_namespaces(7), EPERM).
_BOOT = f"""
set -e
work=$1 checkout=$2 venv=$3
mount --make-rprivate /
mount -t tmpfs -o mode=755 tmpfs "$work"
mkdir "$work/upper" "$work/work" "$work/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$work/upper,workdir=$work/work" "$work/root"
root=$work/root
mount -t proc proc "$root/proc"
mount -t sysfs sysfs "$root/sys"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
for place in run dev tmp; do mount -t tmpfs -o mode=755 tmpfs "$root/$place"; done
chmod 1777 "$root/tmp"
mkdir "$root/dev/pts" "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
make() {{ mknod -m 666 "$root/dev/$1" c "$2" "$3"; }}
make null 1 3; make zero 1 5; make full 1 7; make random 1 8; make urandom 1 9; make tty 5 0
touch "$root/dev/console"
ip link set lo up
mkdir -p "$root/opt/tempmail/releases/first" "$root/opt/tempmail/venv"
cp -a "$checkout/." "$root/opt/tempmail/releases/first/"
mount --bind "$venv" "$root/opt/tempmail/venv"
chroot "$root" sh /opt/tempmail/releases/first/tests/system/booted_setup.sh first
mkdir "$root/before"
cd "$root"
pivot_root . before
cd /
umount -l /before
exec env -i container=lxc {_PATH} /lib/systemd/systemd --system --unit=booted.target --log-target=journal
"""


class Machine:
    """A machine that boots when it is entered and is gone when it is left."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.cgroup = _cgroup() / f"tempmail-{os.getpid()}"
        self.pid = 0
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        try:
            self._boot()
            self.run("sh", "/opt/tempmail/current/tests/system/booted_setup.sh", "services")
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.stop()

    def run(self, *command: str, check: bool = True, text: str = "") -> str:
        """Run a program in it; return what it prints."""
        line = ["nsenter", f"--target={self.pid}", "--mount", "--pid", "--net", "--ipc", "--uts"]
        done = subprocess.run(
            [*line, "--cgroup", "--root", "--wd", "env", "-i", _PATH, "LC_ALL=C.UTF-8", *command],
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            input=text,
            text=True,
            timeout=SECONDS,
        )
        assert not check or done.returncode == 0, f"{command}: {done.stdout}\n{self.journal()}"
        return done.stdout

    def journal(self) -> str:
        """Return the last lines of its journal."""
        return self.run("journalctl", "--no-pager", "-n", "60", check=False)

    def systemctl(self, *words: str) -> str:
        """Run systemctl(1)."""
        return self.run("systemctl", "--no-pager", *words)

    def shows(self, unit: str, name: str) -> str:
        """Return a property of a unit."""
        return self.systemctl("show", "--value", "--property", name, unit).strip()

    def path(self, name: str) -> Path:
        """Where a file of it is for us."""
        return Path(f"/proc/{self.pid}/root{name}")

    def manage(self, *words: str) -> str:
        """Run manage.py in it as the owner of the tables."""
        return self.run("tempmail-manage", *words).strip()

    def in_its_network(self, *words: str) -> "subprocess.Popen[str]":
        """Start a Python program of ours that is in its network, but sees our files."""
        line = ["nsenter", f"--target={self.pid}", "--net", sys.executable, *words]
        return subprocess.Popen(line, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True)

    def stop(self) -> None:
        """End it: with its PID 1 the kernel ends all the others (pid_namespaces(7))."""
        if self._process:
            self._process.kill()  # unshare --kill-child
            self._process.wait(timeout=SECONDS)
            events = self.cgroup / "cgroup.events"
            wait_until(lambda: "populated 0" in events.read_text(), "the end")
        for group in sorted(self.cgroup.rglob("*/"), reverse=True):
            group.rmdir()
        if self.cgroup.is_dir():
            self.cgroup.rmdir()

    def _boot(self) -> None:
        checkout, work = self.directory / "checkout", self.directory / "work"
        shutil.copytree(
            CHECKOUT, checkout, symlinks=True, ignore=shutil.ignore_patterns(*_LEFT_OUT)
        )
        work.mkdir()
        self.cgroup.mkdir()
        venv = (CHECKOUT / ".venv").resolve()
        spaces = ["unshare", "--mount", "--pid", "--net", "--ipc", "--uts", "--cgroup"]
        inside = [*spaces, "--fork", "--kill-child", "sh", "-c", _BOOT, "boot"]
        join = f'echo $$ > "{self.cgroup}/cgroup.procs"; exec "$@"'
        with (self.directory / "log").open("wb") as log:
            self._process = subprocess.Popen(
                ["sh", "-c", join, "join", *inside, str(work), str(checkout), str(venv)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        wait_until(self._is_up, "systemd")

    def _is_up(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, (self.directory / "log").read_text()
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text()
        self.pid = int(children.split()[0]) if children.split() else 0
        if not self.pid or not self.path("/run/systemd/private").is_socket():
            return False
        state = self.run("systemctl", "is-system-running", check=False).strip()
        assert state != "degraded", self.systemctl("--failed") + self.journal()
        return state == "running"


class UnixConnection(http.client.HTTPConnection):
    """HTTP as nginx speaks it: over a unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("127.0.0.1", timeout=60)
        self.unix_path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(60)
        self.sock.connect(str(self.unix_path))


def ask(
    path: Path, method: str, url: str, body: str = "", headers: dict[str, str] | None = None
) -> tuple[int, bytes]:
    """Send one request over a connection of its own; return status and body."""
    connection = UnixConnection(path)
    try:
        connection.request(
            method, url, body, {"Content-Type": "application/json", **(headers or {})}
        )
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def wait_until(holds: Callable[[], bool], what: str, seconds: float = SECONDS) -> None:
    """Wait for something that comes, with a generous deadline."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"{what} did not come in {seconds:.0f} s"
        time.sleep(0.1)


def needs_booting() -> None:
    """Skip the test where such a machine cannot be had."""
    machine.needs_user_namespaces()
    machine.needs_programs(
        "nsenter", "postfix", "redis-server", "pg_ctlcluster", "systemd-sysusers"
    )
    if not Path("/lib/systemd/systemd").exists():
        pytest.skip("not installed here: systemd")
    if not os.access(_cgroup(), os.W_OK):
        pytest.skip("no cgroup2 file system that may be written to")


def _cgroup() -> Path:
    lines = Path("/proc/self/mounts").read_text().splitlines()
    found = [line.split()[1] for line in lines if line.split()[2] == "cgroup2"]
    return Path(found[0]) if found else Path("/nonexistent")
