"""Counts what was sent against what can be read, transaction by transaction.

A transaction is one MAIL...DATA with a marker of its own. A client that is refused, or whose connection breaks, goes
on with the next transaction and a new marker, as a sender's queue would with a new session; so every marker is counted
for itself: ACCEPTED (250 after the final dot) once in each mailbox, UNCERTAIN (the dot was sent, no 250 came) at most
once in each, REFUSED (ended before the dot) nowhere.
"""

import base64
import enum
import hashlib
import random
import threading
import uuid
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

MARK = b"X-Marker: "


class Outcome(enum.Enum):
    """What the client knows about a transaction."""

    REFUSED = "refused"
    UNCERTAIN = "uncertain"
    ACCEPTED = "accepted"


class Found(NamedTuple):
    """One message as its reader got it; `digest` and `size` are of its bytes from the marker on, line ends as LF."""

    mailbox: str
    marker: str
    digest: str
    size: int


@dataclass
class Transaction:
    """One message on its way in: `recipients` are those that RCPT let in, `permanent` any 5xx that it met."""

    marker: str
    recipients: tuple[str, ...]
    content: bytes  # with CRLF, without the final dot
    outcome: Outcome = Outcome.REFUSED
    reply: str = ""
    permanent: str = ""
    digest: str = field(init=False)
    size: int = field(init=False)

    def __post_init__(self) -> None:
        text = self.content.replace(b"\r\n", b"\n")
        self.digest, self.size = hashlib.sha256(text).hexdigest(), len(text)

    @property
    def queue_id(self) -> str:
        """The queue id that smtpd(8) named in its answer, or ''."""
        return self.reply.rpartition("queued as ")[2] if "queued as " in self.reply else ""


class Ledger:
    """All transactions of a test; safe for threads."""

    def __init__(self) -> None:
        self.transactions: list[Transaction] = []
        self.changed = threading.Condition()

    def begin(self, recipients: Iterable[str], size: int) -> Transaction:
        """Note a new transaction for a message of about `size` bytes."""
        marker = uuid.uuid4().hex
        begun = Transaction(marker, tuple(recipients), content(marker, size))
        with self.changed:
            self.transactions.append(begun)
        return begun

    def close(self, transaction: Transaction) -> None:
        """Tell whoever waits that this transaction has its outcome."""
        transaction.content = b""  # only the digest is needed from here on
        with self.changed:
            self.changed.notify_all()

    def count(self, outcome: Outcome) -> int:
        """How many transactions came to this; those under way count as refused."""
        return sum(t.outcome is outcome for t in self.transactions)

    def check(self, found: Iterable[Found], trace: Callable[[str], str] = lambda _: "") -> None:
        """Fail with a line for every message that is missing, twice, shorter, changed, or where it should not be.

        `trace` gives the mail log's lines for a queue id.
        """
        copies: defaultdict[str, list[Found]] = defaultdict(list)
        for one in found:
            copies[one.marker].append(one)
        known = {t.marker for t in self.transactions}
        wrong = [f"unknown marker {m} in a mailbox" for m in copies.keys() - known]
        for transaction in self.transactions:
            complaints = list(_complaints(transaction, copies[transaction.marker]))
            if complaints:
                wrong += [*complaints, trace(transaction.queue_id)]
        assert not wrong, "\n".join([str(self), *filter(None, wrong)])

    def __str__(self) -> str:
        counted = Counter(t.outcome.value for t in self.transactions)
        return ", ".join(f"{number} {name}" for name, number in sorted(counted.items()))


def content(marker: str, size: int) -> bytes:
    """Return a message that nothing else equals and that does not compress, with CRLF."""
    head = (
        b"%b%b\r\nFrom: Load <load@example.org>\r\nTo: undisclosed-recipients:;\r\n"
        b"Date: Thu, 01 Jan 2026 00:00:00 +0000\r\nMessage-ID: <%b@example.org>\r\nSubject: load\r\n\r\n"
    ) % (MARK, marker.encode(), marker.encode())
    noise = random.Random(marker).randbytes(size * 3 // 4)  # noqa: S311 - no secret
    return head + base64.encodebytes(noise).replace(b"\n", b"\r\n")


def _complaints(transaction: Transaction, copies: list[Found]) -> Iterable[str]:
    name = f"{transaction.marker} ({transaction.outcome.value}, reply {transaction.reply!r})"
    if transaction.permanent:
        yield f"{name}: refused for good: {transaction.permanent}"
    for copy in copies:
        if (copy.digest, copy.size) != (transaction.digest, transaction.size):
            how = "SHORTER" if copy.size < transaction.size else "CHANGED"
            yield f"{name}: {how}, {copy.size} of {transaction.size} bytes"
    counted = Counter(copy.mailbox for copy in copies)
    expected = transaction.recipients if transaction.outcome is not Outcome.REFUSED else ()
    if counted.keys() - set(expected):
        yield f"{name}: in a mailbox where it should not be"
    for mailbox in expected:
        if counted[mailbox] > 1:
            yield f"{name}: {counted[mailbox]} TIMES in one of {len(expected)} mailboxes"
        elif not counted[mailbox] and transaction.outcome is Outcome.ACCEPTED:
            yield f"{name}: MISSING in one of {len(expected)} mailboxes"
