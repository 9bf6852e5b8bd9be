"""Senders outside the cluster: each knows both MX hosts, and goes to the other one when the first does not take mail.

(RFC 5321 5.1: a sender tries the hosts of equal preference in random order.)
"""

import contextlib
import itertools
import random
import smtplib
import time
from collections import Counter
from collections.abc import Mapping, Sequence

from tests.faults import load
from tests.faults.ledger import Ledger, Outcome, Transaction
from tests.system.network import Network

SESSIONS = 4
REPLY_SECONDS = 20  # a host that is cut off answers nothing
DEADLINE = 180.0
_SIZES = (1_000, 4_000, 20_000, 1_000, 70_000)


class ClusterLoad(load.Sessions):
    """A running load. `accepted` counts the 250s of each host."""

    def __init__(
        self,
        network: Network,
        host: str,
        servers: Mapping[str, tuple[str, int]],
        recipients: Sequence[str],
        ledger: Ledger,
    ) -> None:
        super().__init__(SESSIONS)
        self.ledger, self.accepted = ledger, Counter[str]()
        self._network, self._host, self._servers = network, host, dict(servers)
        self._recipients, self._sizes = recipients, itertools.cycle(_SIZES)

    def wait_for(self, count: int, host: str = "") -> float:
        """Wait for further 250s, of one host or of any; return the seconds until the first."""
        began, first = time.monotonic(), 0.0
        start = self._count(host)
        with self.ledger.changed:
            while (now := self._count(host)) < start + count:
                took = time.monotonic() - began
                assert took < DEADLINE, f"{now - start} of {count} accepted: {self.ledger}"
                first = first or (took if now > start else 0.0)
                self.ledger.changed.wait(1)
        return first or time.monotonic() - began

    def wait_for_refusal(self, count: int = 5) -> None:
        """Wait until further transactions have failed."""
        goal = self.ledger.count(Outcome.REFUSED) + SESSIONS + count  # some are under way
        end = time.monotonic() + DEADLINE
        with self.ledger.changed:
            while self.ledger.count(Outcome.REFUSED) < goal:
                assert time.monotonic() < end, f"nobody is refused: {self.ledger}"
                self.ledger.changed.wait(1)

    def _count(self, host: str) -> int:
        return self.accepted[host] if host else self.accepted.total()

    def _session(self) -> None:
        with self._network.on(self._host):
            while not self._stopping.wait(load.PAUSE):
                order = random.sample(list(self._servers), len(self._servers))
                if not any(self._send_by(name) for name in order):
                    self._stopping.wait(0.5)

    def _send_by(self, name: str) -> bool:
        """A few transactions with one host; False when it does not take them."""
        with contextlib.suppress(OSError, smtplib.SMTPException):
            with smtplib.SMTP(*self._servers[name], timeout=REPLY_SECONDS) as client:
                client.ehlo()
                for _ in range(load.PER_CONNECTION):
                    if self._stopping.wait(load.PAUSE):
                        break
                    if not load.send(client, self._begin(), self.ledger):
                        return False
                    self.accepted[name] += 1
            return True
        return False

    def _begin(self) -> Transaction:
        several = random.choice((1, 1, 2))  # noqa: S311 - no secret
        return self.ledger.begin(random.sample(self._recipients, several), next(self._sizes))
