"""A PostgreSQL on each of two hosts: one the primary, the other its synchronous standby."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg2

from deploy.local import owner
from deploy.local.processes import Child
from deploy.local.servers import program
from tempmail_site.doctor import looking
from tests.system.network import Network

PORT = 5432
DEADLINE = 60.0
SHIPPED = Path(__file__).resolve().parents[3] / "deploy" / "several-hosts" / "synchronous.conf"
_ACCESS = "local all all trust\nhost all all 10.88.0.0/24 trust\nhost replication all 10.88.0.0/24 trust\n"


class Member:
    """One of the two, on the host of the same name."""

    def __init__(self, network: Network, host: str, directory: Path) -> None:
        self.network, self.host = network, host
        self.address = network.hosts[host]
        self.user = owner.named("postgres")
        owner.make_directory(directory, self.user, 0o700)
        self.data = directory / "data"
        self._child = Child(
            host, [], {"LC_ALL": "C.UTF-8"}, directory, directory / "log", None, None
        )
        self._child.stop_signal = signal.SIGINT

    def create(self) -> None:
        """Make a new cluster."""
        self._run("initdb", "-D", str(self.data), "-U", "postgres", "-A", "trust", "-E", "UTF8")
        (self.data / "pg_hba.conf").write_text(_ACCESS)
        with (self.data / "postgresql.conf").open("a") as settings:
            settings.write(SHIPPED.read_text())
        self._configure("")

    def copy(self, primary: "Member") -> None:
        """Become a standby of another one, from nothing; whatever was here is gone."""
        subprocess.run(["rm", "-rf", str(self.data)], check=True)
        source = ["-h", primary.address, "-p", str(PORT), "-U", "postgres"]
        how = ["-R", "-X", "stream", "-c", "fast", "-D", str(self.data)]
        self._run("pg_basebackup", *source, *how)
        self._configure(f"primary_conninfo = 'host={primary.address} port={PORT} user=postgres'\n")

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = {
            "port": str(PORT),
            "unix_socket_directories": "",
            "max_connections": "200",
            "dynamic_shared_memory_type": "mmap",  # that kill -9 leaves nothing in /dev/shm
            "cluster_name": self.host,
        }
        words = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        command = [str(program("postgres")), "-D", str(self.data), *words]
        self._child.command = [*self._as_postgres(), "--pdeathsig", "INT", "--", *command]
        self._child.start()
        self._child.wait_until(self.answers)

    def stop(self) -> None:
        """End it, if it runs."""
        self._child.stop()

    def kill(self) -> None:
        """End all of its processes at once, as a power cut does (kill -9)."""
        pid = self._child.pid
        assert pid
        # each of its children has a session of its own
        for victim in (pid, *looking.children(pid)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(victim, signal.SIGKILL)
        self._child.stop()
        # one small piece of System V's shared memory stays; the seventh line names it (PostgreSQL's miscadmin.h)
        shared = (self.data / "postmaster.pid").read_text().splitlines()[6].split()[1]
        subprocess.run(["ipcrm", "-m", shared], check=False)

    def require_standby(self, other: "Member") -> None:
        """Let no commit be answered before the other one has it on its disk, from now on."""
        self.wait_until(
            lambda: self.ask("SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'"),
            f"{other.host} to follow",
        )
        self.ask(f"ALTER SYSTEM SET synchronous_standby_names = 'FIRST 1 ({other.host})'")
        self.ask("SELECT pg_reload_conf()")
        self.wait_until(
            lambda: self.ask("SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'"),
            f"{other.host} to be the synchronous standby",
        )

    def promote(self) -> None:
        """Let this standby be the primary, as an operator or a failover manager does it; returns when it is."""
        assert self.ask("SELECT pg_promote(true, 30)")

    def answers(self) -> bool:
        """Whether it takes connections."""
        try:
            return bool(self.ask("SELECT 1"))
        except psycopg2.OperationalError:
            return False

    def ask(self, statement: str) -> Any:
        """The first value of the answer, None without one. Asked on the host itself."""
        with self.network.on(self.host):
            connection = psycopg2.connect(
                host=self.address, port=PORT, user="postgres", dbname="postgres", connect_timeout=5
            )
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(statement)
                return cursor.fetchone()[0] if cursor.description else None
        finally:
            connection.close()

    def wait_until(self, condition: Callable[[], Any], what: str) -> None:
        """Wait for an event, with a generous deadline."""
        deadline = time.monotonic() + DEADLINE
        while not condition():
            assert time.monotonic() < deadline, f"{self.host} waited in vain for {what}"
            time.sleep(0.1)

    def _configure(self, lines: str) -> None:
        """What counts more than postgresql.conf; here are two hosts, and the one that is left has to do alone."""
        (self.data / "postgresql.auto.conf").write_text(f"synchronous_standby_names = ''\n{lines}")

    def _run(self, name: str, *arguments: str) -> None:
        command = [*self._as_postgres(), "--", str(program(name)), *arguments]
        done = subprocess.run(command, check=False, capture_output=True, text=True, cwd="/")
        assert done.returncode == 0, done.stderr

    def _as_postgres(self) -> list[str]:
        user = ["--reuid", "postgres", "--regid", "postgres", "--init-groups"]
        return [*self.network.command(self.host), "setpriv", *user]
