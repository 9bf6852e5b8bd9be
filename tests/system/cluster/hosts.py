"""The hosts of the cluster, and how those with programs of ours are started, stopped, and lose power."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.local import leftovers
from tests.system.cluster.postgres import PORT
from tests.system.network import Network

HOSTS = {
    "senders": "10.88.0.10",
    "mx1": "10.88.0.11",
    "mx2": "10.88.0.12",
    "web1": "10.88.0.21",
    "web2": "10.88.0.22",
    "redis": "10.88.0.31",
    "pg1": "10.88.0.41",
    "pg2": "10.88.0.42",
}
MAIL, SITES = ("mx1", "mx2"), ("web1", "web2")
DATABASES = ("pg1", "pg2")
SECOND_ROOM = ("mx2", "web2", "pg2")
CHECKOUT = Path(__file__).resolve().parents[3]
START_SECONDS = 120


@dataclass
class Host:
    """A running host: its launcher, where its state is, and the environment of its programs."""

    process: "subprocess.Popen[str]"
    state: Path
    env: dict[str, str]


class Hosts:
    """The hosts that run, by name, and what lies on their disks: a directory each, below `scratch`."""

    def __init__(self, network: Network, scratch: Path) -> None:
        self.network, self.scratch = network, scratch
        self.hosts: dict[str, Host] = {}

    def start_host(self, name: str) -> None:
        """Start a host (again), with the disk that it had."""
        data = self.scratch / name
        data.mkdir(mode=0o700, exist_ok=True)
        shutil.copyfile(self.scratch / "secrets.env", data / "secrets.env")
        (data / "secrets.env").chmod(0o600)
        words = ["-m", "tests.system.cluster.node", json.dumps(self._description(name))]
        log = (self.scratch / f"{name}.log").open("ab")
        with log:
            process = subprocess.Popen(
                [*self.network.command(name), sys.executable, *words],
                cwd=CHECKOUT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
            )
        assert process.stdout
        line = process.stdout.readline()  # ends with the process, if that fails
        assert line, (self.scratch / f"{name}.log").read_text()
        said = json.loads(line)
        self.hosts[name] = Host(process, Path(said["state"]), said["env"])

    def stop_host(self, name: str) -> None:
        """Shut a host down, as an operator does."""
        host = self.hosts.pop(name)
        host.process.communicate(timeout=START_SECONDS)

    def cut_power(self, name: str) -> None:
        """End all processes of a host at once (kill -9); its disk stays."""
        host = self.hosts[name]
        host.process.kill()
        for pid in leftovers.instance_pids(host.state):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        host.process.wait()
        for stream in (host.process.stdin, host.process.stdout):
            if stream:
                stream.close()
        leftovers.end(host.state)

    def _description(self, name: str) -> dict[str, Any]:
        hosts = self.network.hosts
        both = ",".join(f"{hosts[each]}:{PORT}" for each in DATABASES)
        login = f"postgres://postgres@{both}/tempmail"
        return {
            "data": str(self.scratch / name),
            "part": "mail" if name in MAIL else "site",
            "database_url": f"{login}?target_session_attrs=read-write",
            "settings": {
                "SMTP": "postfix" if name in MAIL else "elsewhere",
                "REDIS_URL": f"redis://{hosts['redis']}:6379",
                "DATABASE_REPLICA_URL": f"{login}?target_session_attrs=prefer-standby",
                "DELIVERY_PROCESSES": "2",
                "ALLOWED_HOSTS": f"127.0.0.1,{hosts[name]}",
                "UNLIMITED_CLIENTS": "127.0.0.0/8,10.88.0.0/24",
                "MAILBOX_MAX_MESSAGES": "1000000",
                "MAILBOX_MAX_BYTES": "1000000000",
                "API_CALLS_PER_MAILBOX": "100000/m",
            },
        }

    def stop_hosts(self) -> None:
        """End all, also those that a failed test left without power."""
        for name, host in list(self.hosts.items()):
            if host.process.poll() is None:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self.stop_host(name)
            leftovers.end(host.state)
            shutil.rmtree(host.state, ignore_errors=True)
