"""A container engine for the tests: podman with crun, in name spaces of its own, spoken to as Docker's.

Docker's engine itself is not in Debian's default installation and was never used here. What a registry would give is
made on this machine: the base by debootstrap, PostgreSQL and Redis from Debian's packages (tests/system/images).
"""

import fcntl
import json
import os
import resource
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from tests.system import chroot, machine

ROOT = chroot.CHECKOUT
TARGETS = ("site", "mail", "edge")  # of deploy/docker/Dockerfile
IMAGES = Path(__file__).resolve().parent / "images"
PROGRAMS = ("podman", "crun", "docker-compose", "debootstrap", "unshare", "nsenter", "ip")
BASE = "docker.io/library/debian:12-slim"
STAND_INS = ("postgres:15-bookworm", "redis:7-bookworm")
SECONDS = 900
_CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
_LIMITS = {"nofile": resource.RLIMIT_NOFILE, "nproc": resource.RLIMIT_NPROC}


class Engine:
    """podman's service. A context manager; with it end all containers."""

    def __init__(self, storage: Path) -> None:
        self.storage = storage
        self.scratch = Path(tempfile.mkdtemp(prefix="tempmail-engine-"))
        self.socket = self.scratch / "podman.sock"
        self._holder: subprocess.Popen[bytes] | None = None
        self._lock: IO[str]
        self.pid = 0

    def __enter__(self) -> "Engine":
        self.storage.mkdir(parents=True, exist_ok=True)
        # of two runs at a time the second one waits
        self._lock = (self.storage / "lock").open("w")
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        (self.scratch / "containers.conf").write_text(_configuration(self.scratch))
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *exc_info: object) -> None:
        if self._holder:
            self._forget()
            self._holder.kill()
            self._holder.wait()
        self._lock.close()
        shutil.rmtree(self.scratch, ignore_errors=True)

    def _start(self) -> None:
        spaces = ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc"]
        words = [str(IMAGES / "hold.sh"), str(self.socket), str(self.storage)]
        said = self.scratch / "service.log"
        with said.open("ab") as log:
            self._holder = subprocess.Popen([*spaces, *words], env=self.env, stdout=log, stderr=log)
        holder = self._holder
        wait_until(lambda: self.socket.exists() or holder.poll() is not None, 30)
        assert holder.poll() is None, said.read_text()
        children = Path(f"/proc/{holder.pid}/task/{holder.pid}/children").read_text()
        self.pid = int(children.split()[0])
        self._forget()

    def _forget(self) -> None:
        """Remove containers and volumes, also those of a run that was killed."""
        self.podman("rm", "--all", "--force", "--time", "0", check=False)
        self.podman("volume", "rm", "--all", "--force", check=False)

    @property
    def env(self) -> dict[str, str]:
        """The environment of everything that speaks with it."""
        ours = {
            "CONTAINERS_CONF": str(self.scratch / "containers.conf"),
            "DOCKER_HOST": f"unix://{self.socket}",
        }
        return {**os.environ, **ours}

    def podman(self, *words: str, check: bool = True, text: str | None = None) -> str:
        """Run podman(1) there; return what it printed. Raises AssertionError unless it ended well."""
        return self.run(
            "podman", "--remote", "--url", f"unix://{self.socket}", *words, check=check, text=text
        )

    def run(self, *words: str, check: bool = True, text: str | None = None) -> str:
        """Run a program that speaks with it; return what it printed."""
        done = subprocess.run(
            words,
            check=False,
            capture_output=True,
            text=True,
            input=text,
            env=self.env,
            timeout=SECONDS,
            cwd=ROOT,
        )
        assert not check or done.returncode == 0, (
            f"{words}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
        )
        return done.stdout

    def inspect(self, name: str) -> dict[str, Any]:
        """Return what podman knows of a container."""
        found: list[dict[str, Any]] = json.loads(self.podman("container", "inspect", name))
        return found[0]

    def stored(self, name: str) -> Path:
        """Return where a directory of podman's storage is for us."""
        return Path(f"/proc/{self.pid}/root{self.storage}/{name}")

    def directly(self) -> list[str]:
        """podman without its service: among the same files and processes, but in this machine's network."""
        store = ["--root", str(self.storage), "--runroot", str(self.storage / "run")]
        line = ["nsenter", "-t", str(self.pid), "--mount", "--pid", "--root", "--wd"]
        return [*line, "podman", *store]

    def build(self, dockerfile: Path, target: str, tag: str, context: Path) -> None:
        """Build an image; what the steps print is in the error. Not by way of the service: volumes need a path here."""
        ignore = dockerfile.with_name(f"{dockerfile.name}.dockerignore")
        words = [*self.directly(), "build"]
        # chroot(2) instead of a container for each step: it runs where containers cannot reach the network
        words += [
            "--format",
            "docker",
            "--isolation",
            "chroot",
            "--network",
            "host",
            "--pull-never",
        ]
        words += ["--file", str(dockerfile), "--tag", tag, *_volumes(self.scratch)]
        words += ["--target", target] if target else []
        words += ["--ignorefile", str(ignore)] if ignore.is_file() else []
        self.run(*words, str(context))

    def connected(self, action: Callable[[], chroot.Result]) -> chroot.Result:
        """Run a function whose sockets are in the engine's network, where published ports are."""
        return chroot.in_network_of(self.pid, action)

    def address(self, name: str) -> str:
        """Return an address of a container, which this network reaches directly."""
        networks = self.inspect(name)["NetworkSettings"]["Networks"]
        return str(next(each["IPAddress"] for each in networks.values()))


@contextmanager
def engine() -> Iterator[Engine]:
    """Yield an engine with the base image and the stand-ins; skip where there can be none."""
    machine.needs_user_namespaces()
    machine.needs_programs(*PROGRAMS)
    with Engine(chroot.CACHE / "containers") as started:
        _make_base(started)
        for tag in STAND_INS:
            name = f"docker.io/library/{tag}"
            started.build(IMAGES / "Dockerfile", tag.partition(":")[0], name, IMAGES)
        yield started


@contextmanager
def health_timer(of: Engine) -> Iterator[None]:
    """Have each container's health check run now and then: podman leaves that to timers of systemd."""
    ended = threading.Event()

    def run() -> None:
        while not ended.wait(1.0):
            for name in of.podman("ps", "--quiet", check=False).split():
                of.podman("healthcheck", "run", name, check=False)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def limits() -> dict[str, int]:
    """Return the highest limits that this machine allows: podman asks for more than some do."""
    highest = {"nofile": 65_536, "nproc": 4096}
    return {
        name: min(highest[name], _hard(kind) or highest[name]) for name, kind in _LIMITS.items()
    }


def limit_words() -> list[str]:
    """Return the same as options of `podman run`."""
    return [
        word for name, value in limits().items() for word in ("--ulimit", f"{name}={value}:{value}")
    ]


def _hard(kind: int) -> int:
    hard = resource.getrlimit(kind)[1]
    return 0 if hard == resource.RLIM_INFINITY else hard


def wait_until(true: Callable[[], object], seconds: float = 60.0, what: str = "") -> None:
    """Wait for an event; raise AssertionError when it does not come."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, what or "it did not come"
        time.sleep(0.2)


def _configuration(scratch: Path) -> str:
    wanted = ", ".join(f'"{name}={value}:{value}"' for name, value in limits().items())
    return (
        f'[containers]\ndefault_ulimits = [{wanted}]\ncgroups = "disabled"\nlog_driver = "k8s-file"\n'
        f'[engine]\ncgroup_manager = "cgroupfs"\nevents_logger = "file"\n'
        f'[network]\nnetwork_backend = "netavark"\nnetwork_config_dir = "{scratch / "networks"}"\n'
    )


def _volumes(scratch: Path) -> Sequence[str]:
    """How the steps of a build reach this machine's source of Python packages: by its certificates and settings."""
    settings = {
        name[4:].lower().replace("_", "-"): value
        for name, value in os.environ.items()
        if name.startswith("PIP_") and name not in {"PIP_CERT", "PIP_FIND_LINKS"}
    }
    words = []
    if _CERTIFICATES.is_file():
        settings["cert"] = "/host-certificates.crt"
        words += ["--volume", f"{_CERTIFICATES}:/host-certificates.crt:ro"]
    configuration = scratch / "pip.conf"
    configuration.write_text(
        "[global]\n" + "".join(f"{name} = {value}\n" for name, value in settings.items())
    )
    return [*words, "--volume", f"{configuration}:/etc/pip.conf:ro"]


def _make_base(started: Engine) -> None:
    if BASE in started.podman("images", "--format", "{{.Repository}}:{{.Tag}}"):
        return
    with tempfile.TemporaryDirectory(prefix="tempmail-image-") as scratch:
        place, archive = Path(scratch) / "root", Path(scratch) / "base.tar"
        chroot.minimal("bookworm", place)
        left_out = ["--exclude=./var/cache/apt/archives/*.deb", "--exclude=./var/lib/apt/lists/*"]
        subprocess.run(["tar", "-C", place, *left_out, "-cf", archive, "."], check=True)
        started.run(*started.directly(), "import", str(archive), BASE)
