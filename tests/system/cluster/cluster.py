"""A cluster as docs/scaling.md describes it, each host in a network namespace of one machine.

Two hosts take mail in (Postfix and worker), two serve pages, one has Redis, two have PostgreSQL: a primary and its
synchronous standby. Senders and visitors are on a host of their own.
"""

import contextlib
import http.client
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from deploy.local.processes import Child
from deploy.local.servers import find
from tempmail_site import secrets_file
from tests.faults.ledger import Found, Ledger, Outcome, Transaction
from tests.faults.service import INSIDE
from tests.system.cluster.hosts import DATABASES, HOSTS, MAIL, SECOND_ROOM, SITES, Hosts
from tests.system.cluster.load import ClusterLoad
from tests.system.cluster.node import HTTP_PORT, SMTP_PORT
from tests.system.cluster.postgres import Member
from tests.system.network import Network

DEADLINE = 120.0
MAILBOXES = 4


class Cluster(Hosts):
    """The hosts that run, and what every test does with them."""

    def __init__(self, network: Network, scratch: Path) -> None:
        super().__init__(network, scratch)
        self.databases = {name: Member(network, name, scratch / name) for name in DATABASES}
        self.ledger, self.tokens = Ledger(), dict[str, str]()
        self._redis = self._make_redis()

    # ---- Starting and stopping

    def start(self) -> None:
        """Start everything, and wait until it answers."""
        first, second = self.databases.values()
        first.create()
        first.start()
        first.ask("CREATE DATABASE tempmail")
        second.copy(first)
        second.start()
        first.require_standby(second)
        self._redis.start()
        secrets_file.ensure(self.scratch / "secrets.env")
        self.start_host("web1")  # makes the tables
        with ThreadPoolExecutor() as pool:
            list(pool.map(self.start_host, ("web2", *MAIL)))

    def stop(self) -> None:
        """End everything."""
        self.stop_hosts()
        self._redis.stop()
        for member in self.databases.values():
            member.stop()

    def _make_redis(self) -> Child:
        address = self.network.hosts["redis"]
        options = {"bind": address, "port": "6379", "protected-mode": "no", "save": ""}
        words = [word for name, value in options.items() for word in (f"--{name}", value)]
        command = [*self.network.command("redis"), find("redis-server"), *words]
        env = {"PATH": os.environ["PATH"]}
        return Child("redis", command, env, self.scratch, self.scratch / "redis.log")

    # ---- Sending and reading

    def begin(self) -> None:
        """A new ledger, and new mailboxes."""
        self.ledger = Ledger()
        self.tokens = self.inside("make", MAILBOXES)

    def load(self) -> ClusterLoad:
        """Senders that know both mail hosts."""
        addresses = {name: (self.network.hosts[name], SMTP_PORT) for name in MAIL}
        return ClusterLoad(self.network, "senders", addresses, list(self.tokens), self.ledger)

    def inside(self, command: str, argument: object, site: str = "web1") -> Any:
        """Run one function of tests/faults/inside.py on a site's host."""
        done = subprocess.run(
            [*self.network.command(site), sys.executable, str(INSIDE), command],
            check=False,
            input=json.dumps(argument),
            capture_output=True,
            text=True,
            env=self.hosts[site].env,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def get(self, site: str, path: str, token: str = "") -> tuple[int, Any]:
        """What a site answers to a visitor; 0 where nothing comes."""
        with self.network.on("senders"):
            connection = http.client.HTTPConnection(self.network.hosts[site], HTTP_PORT, timeout=5)
            try:
                connection.request("GET", path, headers={"Authorization": f"Bearer {token}"})
                response = connection.getresponse()
                return response.status, json.loads(response.read() or b"null")
            except (OSError, http.client.HTTPException):
                return 0, None
            finally:
                connection.close()

    def reads(self, site: str) -> bool:
        """Whether a visitor can read an inbox there."""
        return self.get(site, "/api/emails/me", next(iter(self.tokens.values())))[0] == 200

    def queue(self, name: str) -> list[dict[str, Any]]:
        """What Postfix of a host has, one entry for each message."""
        command = [find("postqueue"), "-c", str(self.hosts[name].state / "postfix"), "-j"]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]

    def keep_in_queue(self, name: str) -> None:
        """Let Postfix of a host take mail and deliver none, until it is started again (postconf(5))."""
        config = str(self.hosts[name].state / "postfix")
        for words in (
            ["postconf", "-c", config, "-e", "defer_transports=tempmail"],
            ["postfix", "-c", config, "reload"],
        ):
            subprocess.run([find(words[0]), *words[1:]], check=True, capture_output=True)

    def try_now(self, name: str) -> None:
        """Have Postfix of a host try what it has, without its pause (30 s)."""
        config = str(self.hosts[name].state / "postfix")
        subprocess.run([find("postqueue"), "-c", config, "-f"], check=True)

    def settle_and_audit(self) -> None:
        """Wait for empty queues; then each 250 is there once and whole, by either site."""
        began = time.monotonic()
        self.wait_until(lambda: not any(map(self.queue, MAIL * 2)), "empty queues")
        print(f"queues empty after {time.monotonic() - began:.1f} s: {self.ledger}")
        for site in SITES:
            found = [Found(*line) for line in self.inside("read", self.tokens, site)["found"]]
            self.ledger.check(found)
        assert self.ledger.count(Outcome.ACCEPTED)

    def missing(self) -> list[Transaction]:
        """What was answered 250 and cannot be read by the second site (yet)."""
        found = {line[1] for line in self.inside("read", self.tokens, "web2")["found"]}
        accepted = (t for t in self.ledger.transactions if t.outcome is Outcome.ACCEPTED)
        return [transaction for transaction in accepted if transaction.marker not in found]

    def wait_until(self, condition: Callable[[], object], what: str) -> float:
        """Wait for an event, with a generous deadline; return the seconds that it took."""
        began = time.monotonic()
        while not condition():
            if time.monotonic() > began + DEADLINE:
                queued = {name: len(self.queue(name)) for name in MAIL}
                raise AssertionError(f"waited in vain for {what}: {queued}, {self.ledger}")
            time.sleep(0.1)
        return time.monotonic() - began


@contextlib.contextmanager
def running() -> Iterator[Cluster]:
    """A cluster that runs; nothing of it is left."""
    scratch = Path(tempfile.mkdtemp(prefix="tempmail-cluster-"))
    scratch.chmod(0o755)  # PostgreSQL runs as its own user
    try:
        with Network(HOSTS, SECOND_ROOM) as network:
            cluster = Cluster(network, scratch)
            try:
                cluster.start()
                yield cluster
            finally:
                cluster.stop()
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
