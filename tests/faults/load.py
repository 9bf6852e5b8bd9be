"""Sends mail in several sessions at a time, as other hosts do, and notes in a ledger how each transaction ended."""

import contextlib
import itertools
import random
import smtplib
import threading
import time
from collections.abc import Sequence
from typing import Self

from tests.faults.ledger import Ledger, Outcome, Transaction

SENDER = "load@example.org"
SIZES = (1_000, 4_000, 1_000, 20_000, 2_000, 70_000, 1_000, 120_000, 8_000, 300_000)  # bytes
PER_CONNECTION = 6  # transactions, as far as none is refused
PAUSE = 0.15  # seconds between two transactions of a session: the machine is not what is tested
REPLY_SECONDS = 60
DEADLINE = 240.0


class Sessions:
    """Several sessions at a time; `with sessions:` starts and stops them. A subclass says what one does."""

    def __init__(self, count: int) -> None:
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=self._session) for _ in range(count)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def _session(self) -> None:
        raise NotImplementedError


class Load(Sessions):
    """A running load on `recipients`."""

    def __init__(
        self, port: int, recipients: Sequence[str], ledger: Ledger, sessions: int = 5
    ) -> None:
        super().__init__(sessions)
        self.port, self.recipients, self.ledger = port, recipients, ledger
        self._sizes = itertools.cycle(SIZES)

    def wait_for(self, count: int, outcome: Outcome = Outcome.ACCEPTED) -> None:
        """Wait until `count` further transactions have come to this outcome."""
        goal = self.ledger.count(outcome) + count
        end = time.monotonic() + DEADLINE
        with self.ledger.changed:
            while (now := self.ledger.count(outcome)) < goal:
                left = end - time.monotonic()
                assert left > 0, f"{now} of {goal} {outcome.value}: {self.ledger}"
                self.ledger.changed.wait(left)

    def _session(self) -> None:
        while not self._stopping.wait(PAUSE):
            with contextlib.suppress(OSError, smtplib.SMTPException), connect(self.port) as client:
                for _ in range(PER_CONNECTION):
                    if self._stopping.wait(PAUSE):
                        break
                    if not send(client, self._begin(), self.ledger):
                        self._stopping.wait(0.1)
                        break  # what a client does that is refused: it comes back later

    def _begin(self) -> Transaction:
        several = random.choice((1, 1, 1, 2, 3))  # noqa: S311 - no secret
        return self.ledger.begin(random.sample(self.recipients, several), next(self._sizes))


def connect(port: int) -> smtplib.SMTP:
    """Return a client that has said EHLO. Raises OSError, SMTPException."""
    client = smtplib.SMTP("127.0.0.1", port, timeout=REPLY_SECONDS)
    client.ehlo_or_helo_if_needed()
    return client


def send(client: smtplib.SMTP, transaction: Transaction, ledger: Ledger) -> bool:
    """One transaction; True when it was answered 250. Raises SMTPException or OSError when the connection broke."""
    try:
        return give_envelope(client, transaction) and give_data(client, transaction)
    finally:
        ledger.close(transaction)


def give_envelope(client: smtplib.SMTP, transaction: Transaction) -> bool:
    """MAIL and RCPT; what is not let in is no recipient any more. True when there is one left."""
    if not _is_ok(client.mail(SENDER), transaction):
        return False
    transaction.recipients = tuple(
        recipient
        for recipient in transaction.recipients
        if _is_ok(client.rcpt(recipient), transaction)
    )
    return bool(transaction.recipients)


def give_data(client: smtplib.SMTP, transaction: Transaction) -> bool:
    """DATA, the message, the dot; True when it was answered 250."""
    if not _is_ok(client.docmd("DATA"), transaction):
        return False
    client.send(transaction.content + b".\r\n")  # base64 has no line that begins with a dot
    transaction.outcome = Outcome.UNCERTAIN
    if _is_ok(client.getreply(), transaction):
        transaction.outcome = Outcome.ACCEPTED
    return transaction.outcome is Outcome.ACCEPTED


def _is_ok(answer: tuple[int, bytes], transaction: Transaction) -> bool:
    code, text = answer
    transaction.reply = f"{code} {text.decode('utf-8', 'replace')}"
    if code >= 500:
        transaction.permanent = transaction.reply
    return code < 400
