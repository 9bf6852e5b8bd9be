"""A bare Debian in name spaces of its own: files, processes, mounts and network; all of it is gone in the end.

The base is made once (debootstrap) and kept in the cache directory, with the Debian packages and the wheels that an
installation needs: so that what runs later, in a network of its own, needs nobody outside.
"""

import contextlib
import ctypes
import hashlib
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from deploy.server import milters, packages
from tests.system import machine

CHECKOUT = Path(__file__).resolve().parents[2]
HARNESS = Path(__file__).resolve().parent / "inside"
CACHE = Path(os.environ.get("TEMPMAIL_TEST_CACHE", "/var/cache/tempmail-tests"))
ADDRESS = "203.0.113.25"  # of the server in its own network (RFC 5737)
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
BASE_PACKAGES = "python3,systemd,ca-certificates,iproute2,procps"
CLONE_NEWNET = 0x40000000
SECONDS = 900
KEPT_SECONDS = 7 * 86_400
_HOST_FILES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pip.conf",
    "/etc/hosts",
    "/etc/resolv.conf",
)
_HOST_NAMES = (
    "PIP_",
    "SSL_",
    "REQUESTS_CA",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "HTTP_",
    "HTTPS_",
    "NO_PROXY",
)
Result = TypeVar("Result")


class Chroot:
    """A bare machine: `run` installs in it, `boot` has systemd run what is enabled. A context manager."""

    def __init__(self, base: Path, wheels: Path) -> None:
        self.base, self.wheels = base, wheels
        self.scratch = Path(tempfile.mkdtemp(prefix="tempmail-chroot-"))
        self.cgroup = machine.cgroup_root() / self.scratch.name
        self._holder: subprocess.Popen[bytes] | None = None
        self.pid = 0

    def __enter__(self) -> "Chroot":
        self.cgroup.mkdir()
        join = f'echo $$ >"{self.cgroup}/cgroup.procs"; exec "$@"'
        spaces = "unshare --mount --pid --net --ipc --uts --cgroup --fork --kill-child"
        words = map(str, (HARNESS / "machine.sh", self.base, self.scratch, self.wheels, ADDRESS))
        line = ["sh", "-c", join, "join", *spaces.split(), "bash", *words]
        self._holder = subprocess.Popen(line, stdout=subprocess.PIPE)
        assert self._holder.stdout
        if self._holder.stdout.readline() != b"ready\n":
            self.__exit__()
            raise RuntimeError("the machine did not come up")
        self.pid = _child_of(self._holder.pid)
        return self

    def __exit__(self, *exc_info: object) -> None:
        if self._holder:
            self._holder.kill()  # with PID 1 of the name space everything in it ends (pid_namespaces(7))
            self._holder.wait()
            if self._holder.stdout:
                self._holder.stdout.close()
        self._remove_cgroup()
        shutil.rmtree(self.scratch, ignore_errors=True)

    def _remove_cgroup(self) -> None:
        events, deadline = self.cgroup / "cgroup.events", time.monotonic() + SECONDS
        while "populated 0" not in events.read_text() and time.monotonic() < deadline:
            time.sleep(0.05)
        for group in sorted(self.cgroup.rglob("*/"), reverse=True):
            group.rmdir()
        self.cgroup.rmdir()

    def boot(self) -> None:
        """Start it anew with systemd as PID 1: what runs is killed, /run is empty, what is enabled starts."""
        others = 'for p in /proc/[0-9]*; do p=${p#/proc/}; case $p in 1 | $$) ;; *) kill -9 "$p" ;; esac; done'
        self.run(
            "sh", "-c", f"{others} 2>/dev/null; find /run -mindepth 1 -delete; touch /run/boot"
        )
        deadline = time.monotonic() + SECONDS
        while self._state() not in {"running", "degraded"}:
            if time.monotonic() > deadline:
                raise RuntimeError(f"systemd did not come up: {self._state()}")
            time.sleep(0.2)

    def _state(self) -> str:
        return self.run("systemctl", "is-system-running", check=False).stdout.strip()

    def run(
        self, *words: str, check: bool = True, env: dict[str, str] | None = None, text: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """Run a program in there and return how it ended, with its output; it has to end well unless not `check`."""
        done = subprocess.run(
            self.words(*words, env=env),
            check=False,
            capture_output=True,
            text=True,
            input=text,
            timeout=SECONDS,
        )
        if check and done.returncode:
            raise AssertionError(
                f"{' '.join(words)}: status {done.returncode}\n{done.stdout[-3000:]}{done.stderr[-3000:]}"
            )
        return done

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Start a program in there in a session of its own; its output is one pipe."""
        return subprocess.Popen(
            self.words(*words),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    @staticmethod
    def kill(process: subprocess.Popen[str]) -> None:
        """Kill what `start` has started, with all that it started in its session."""
        with process:
            os.killpg(process.pid, signal.SIGKILL)

    def words(self, *words: str, env: dict[str, str] | None = None) -> list[str]:
        """Return the command line that runs a program in there with a clean environment."""
        clean = {
            "PATH": PATH,
            "HOME": "/root",
            "LANG": "C.UTF-8",
            "TERM": "dumb",
            **_OFFLINE,
            **(env or {}),
        }
        target = f"nsenter --target {self.pid} --mount --pid --net --ipc --uts --cgroup --root --wd"
        variables = [f"{name}={value}" for name, value in clean.items()]
        return [*target.split(), "env", "-i", *variables, *words]

    def connected(self, action: Callable[[], Result]) -> Result:
        """Run a function whose sockets are in the server's network."""
        return in_network_of(self.pid, action)

    def path(self, name: str | Path) -> Path:
        """Return where a file of the chroot is to be found from here."""
        return Path(f"/proc/{self.pid}/root") / str(name).lstrip("/")


def in_network_of(pid: int, action: Callable[[], Result]) -> Result:
    """Run a function in a thread whose sockets are in the network of a process (setns(2) is per thread)."""
    found: list[Result] = []
    failed: list[BaseException] = []

    def inside() -> None:
        try:
            with Path(f"/proc/{pid}/ns/net").open() as space:
                if ctypes.CDLL(None, use_errno=True).setns(space.fileno(), CLONE_NEWNET):
                    raise OSError(ctypes.get_errno(), "setns")
            found.append(action())
        except BaseException as error:  # noqa: BLE001 - given on to the caller
            failed.append(error)

    thread = threading.Thread(target=inside)
    thread.start()
    thread.join()
    if failed:
        raise failed[0]
    return found[0]


_OFFLINE = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "/wheels", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}


@contextlib.contextmanager
def bare(suite: str = "bookworm") -> Iterator[Chroot]:
    """Yield a bare machine. Raises RuntimeError where the release cannot be had."""
    with Chroot(base_of(suite), wheels_of(suite)) as chroot:
        yield chroot


def base_of(suite: str) -> Path:
    """Return the root file system of a release, made if it is missing, with the Debian packages in its archive."""
    key = hashlib.sha256(
        repr((packages.BASE, milters.packages(), BASE_PACKAGES)).encode()
    ).hexdigest()[:12]
    return _made(CACHE / f"{suite}-{key}", lambda place: _debootstrap(suite, place))


def wheels_of(suite: str) -> Path:
    """Return a directory with the wheels of requirements.txt for the Python of a release."""
    text = (CHECKOUT / "requirements.txt").read_text()
    key = hashlib.sha256(text.encode()).hexdigest()[:12]
    return _made(CACHE / f"{suite}-wheels-{key}", lambda place: _download_wheels(suite, place))


def _made(place: Path, make: Callable[[Path], None]) -> Path:
    if place.is_dir():
        os.utime(place)
        return place
    _forget_unused()
    CACHE.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(dir=CACHE, prefix=f"{place.name}."))
    fresh.chmod(0o755)
    try:
        make(fresh)
        with contextlib.suppress(OSError):  # another run was faster
            fresh.rename(place)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return place


def _forget_unused() -> None:
    """Remove what no run has used for a while: its packages are older than those of today."""
    for path in CACHE.glob("*"):
        if path.stat().st_mtime < time.time() - KEPT_SECONDS:
            shutil.rmtree(path, ignore_errors=True)


def minimal(suite: str, place: Path) -> None:
    """Make the smallest root file system of a release, which reaches packages as this machine does."""
    _host("debootstrap", "--variant=minbase", suite, str(place), *_mirror())
    _bring_host_settings(place, suite)


def _debootstrap(suite: str, place: Path) -> None:
    _host(
        "debootstrap",
        "--variant=minbase",
        f"--include={BASE_PACKAGES}",
        suite,
        str(place),
        *_mirror(),
    )
    _bring_host_settings(place, suite)
    wanted = " ".join((*packages.BASE, *milters.packages()))
    install = "apt-get -q -y install --no-install-recommends --download-only"
    script = (
        f"apt-get -q update && {{ {install} {wanted} || {install} {' '.join(packages.BASE)}; }}"
    )
    _host("chroot", str(place), "sh", "-c", script)


def _download_wheels(suite: str, place: Path) -> None:
    """By the Python of that release itself, in a copy that is thrown away."""
    script = (
        "apt-get -q -y install --no-install-recommends python3-venv && python3 -m venv /v"
        " && /v/bin/pip --disable-pip-version-check wheel -q -w /wheels -r /requirements.txt"
    )
    with tempfile.TemporaryDirectory(prefix="tempmail-wheels-") as scratch:
        words = (
            HARNESS / "overlay.sh",
            base_of(suite),
            scratch,
            place,
            CHECKOUT / "requirements.txt",
            script,
        )
        _host("unshare", "--mount", "--fork", "bash", *map(str, words))


def _mirror() -> list[str]:
    """Where this machine has its Debian from, if it says so."""
    places = [
        Path("/etc/apt/sources.list"),
        *sorted(Path("/etc/apt/sources.list.d").glob("debian.sources")),
    ]
    text = "\n".join(path.read_text() for path in places if path.is_file())
    found = [
        word
        for word in text.split()
        if word.startswith("http") and word.rstrip("/").endswith("/debian")
    ]
    return found[:1]


def _bring_host_settings(place: Path, suite: str) -> None:
    """How this machine reaches its packages: certificates, proxies, sources."""
    for name in _HOST_FILES:
        if Path(name).is_file():
            target = place / name.lstrip("/")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(name, target)
    for path in Path("/etc/apt/apt.conf.d").glob("*"):
        if "proxy" in path.read_text(errors="replace").lower():
            shutil.copyfile(path, place / "etc/apt/apt.conf.d" / path.name)
    sources = Path("/etc/apt/sources.list.d/debian.sources")
    if sources.is_file():
        text = sources.read_text().replace("bookworm", suite)
        (place / "etc/apt/sources.list.d/debian.sources").write_text(text)
        (place / "etc/apt/sources.list").write_text("")


def _host(*words: str) -> None:
    env = {name: value for name, value in os.environ.items() if name.startswith(_HOST_NAMES)}
    env |= {"PATH": PATH, "HOME": "/root", "LANG": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(
        words, check=False, capture_output=True, text=True, env=env, timeout=SECONDS
    )
    if done.returncode:
        raise RuntimeError(f"{words[0]}: {(done.stdout + done.stderr)[-1500:]}")


def _child_of(pid: int) -> int:
    """The process that unshare(1) has forked: PID 1 of the name space."""
    words = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return int(words[0])
