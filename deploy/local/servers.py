"""Private servers for one instance: Redis and PostgreSQL. Each has start() and stop() and is a context manager."""

import os
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Self

from deploy.local import owner, ports
from deploy.local.owner import Owner
from deploy.local.processes import Child, StartFailed

INITDB_SECONDS = 120

# Statements, parameters and values stay out of PostgreSQL's log, and clients' addresses (docs/logs.md).
QUIET_LOG = {
    "log_min_messages": "log",  # "log" is above "error": a statement's error may quote a value; the site logs its code
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_statement": "none",
    "log_min_duration_statement": "-1",
    "log_min_duration_sample": "-1",
    "log_transaction_sample_rate": "0",
    "log_duration": "off",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "log_connections": "off",
    "log_disconnections": "off",
    "log_hostname": "off",
    "log_lock_waits": "off",
    "log_temp_files": "-1",
    "log_autovacuum_min_duration": "-1",
}


class Server:
    """What Redis, PostgreSQL and Postfix have in common: one child process, and being ready."""

    child: Child

    def start(self) -> None:
        """Start and wait until it answers. Raises StartFailed."""
        raise NotImplementedError

    def stop(self) -> None:
        """End it; no process is left."""
        self.child.stop()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.stop()


class Redis(Server):
    """A Redis on a unix socket only, that keeps nothing on disk."""

    def __init__(self, directory: Path, log: Path, user: Owner, env: dict[str, str]) -> None:
        self.directory = directory
        self.user = user
        self.socket = directory / "redis.sock"
        options = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "save": "",
            "appendonly": "no",
            "dir": str(directory),
            "databases": "1",
            "maxmemory": "256mb",
            "maxmemory-policy": "volatile-ttl",
            # opened anew for each line, so that it can be moved away
            "logfile": str(log),
            "loglevel": "notice",
            # neither a crash nor a slow command tells what was in it
            "crash-log-enabled": "no",
            "crash-memcheck-enabled": "no",
            "slowlog-max-len": "0",
        }
        words = [word for name, value in options.items() for word in (f"--{name}", value)]
        self.child = Child("redis", [find("redis-server"), *words], env, directory, log, user)

    def start(self) -> None:
        """Start and wait for its PONG. Raises StartFailed."""
        owner.make_directory(self.directory, self.user, 0o700)
        self.child.start()
        self.child.wait_until(lambda: ports.answers_redis(self.socket))


class PostgreSQL(Server):
    """A private cluster on a free loopback port. `durable=False` is for tests: it may lose all in a power cut."""

    def __init__(self, directory: Path, env: dict[str, str], *, durable: bool = True) -> None:
        self.directory = directory
        self.data = directory / "data"
        self.port = ports.free()
        self.user = owner.named("postgres") if os.geteuid() == 0 else owner.invoking()
        self.durable = durable
        self.env = {**env, "LC_ALL": "C.UTF-8", "HOME": str(directory)}
        self.child = Child(
            "postgresql",
            [],
            self.env,
            directory,
            directory / "log",
            self.user,
            stop_signal=signal.SIGINT,
        )

    def url(self, database: str = "postgres") -> str:
        """Return a DATABASE_URL."""
        return f"postgres://postgres@{ports.LOOPBACK}:{self.port}/{database}"

    def start(self) -> None:
        """Make the cluster if there is none, start it, wait until it answers. Raises StartFailed."""
        owner.make_directory(self.directory, self.user)
        if not (self.data / "PG_VERSION").exists():
            self._initialise()
        self.child.command = [str(program("postgres")), "-D", str(self.data), *self._options()]
        self.child.start()
        self.child.wait_until(self.answers)

    def answers(self) -> bool:
        """Return whether it takes connections."""
        command = [str(program("pg_isready")), "-q", "-h", ports.LOOPBACK, "-p", str(self.port)]
        return subprocess.run(command, check=False, env=self.env).returncode == 0

    def stop_immediately(self) -> None:
        """Stop as a crash would, without a checkpoint (pg_ctl -m immediate); start() recovers."""
        self.child.send_signal(signal.SIGQUIT)
        self.child.stop()

    def _initialise(self) -> None:
        command = [
            str(program("initdb")),
            "-D",
            str(self.data),
            "-U",
            "postgres",
            "-A",
            "trust",
            "-E",
            "UTF8",
        ]
        command += ["--locale=C.UTF-8"] if self.durable else ["--locale=C.UTF-8", "--no-sync"]
        made = subprocess.run(
            command,
            check=False,
            capture_output=True,
            text=True,
            cwd=self.directory,
            env=self.env,
            timeout=INITDB_SECONDS,
            **self.user.popen_arguments(),
        )
        if made.returncode:
            raise StartFailed(f"initdb failed:\n{made.stderr}")

    def _options(self) -> list[str]:
        options = {
            "listen_addresses": ports.LOOPBACK,
            "port": str(self.port),
            "unix_socket_directories": "",
            "max_connections": "200",
        }
        options |= QUIET_LOG
        if not self.durable:
            options |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        return [word for name, value in options.items() for word in ("-c", f"{name}={value}")]


def find(name: str) -> str:
    """Return the path of an installed program. Raises StartFailed when it is not there."""
    path = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if path is None:
        raise StartFailed(f"{name} is not installed.")
    return path


def program(name: str) -> Path:
    """Return a program of the newest PostgreSQL here; Debian keeps most of them out of PATH."""
    versions = sorted(
        (p for p in Path("/usr/lib/postgresql").glob(f"*/bin/{name}")),
        key=lambda path: int(path.parts[4]) if path.parts[4].isdigit() else 0,
    )
    return versions[-1] if versions else Path(find(name))
