"""Writes the timeline without making anybody wait: a bounded queue in memory and a thread behind it.

RCPT and delivery append to the queue, which never blocks; what is too much drops the oldest. What was refused before
anybody looked whether the address exists is looked up here, many in one query, and left out where it does not.
"""

import contextlib
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple

from django.db import Error, connection

from mailboxes.models.mailboxes import Mailbox
from mailboxes.rules import addresses
from mailboxes.rules.errors import InvalidAddress
from mailboxes.services import keys, timeline_store
from mailboxes.services.timeline_store import Line

logger = logging.getLogger(__name__)

MAX_WAITING = 1000  # events of one process
GATHER = 0.1  # seconds in which events come together
PAUSE = 5.0  # seconds without a try after a failure
PROVE = (
    1.0  # seconds between two looks into the database: who is blocked shall cost it next to nothing
)


class Event(NamedTuple):
    """What happened to a recipient, as text or as its digest. A proven one is that of a living mailbox."""

    recipient: str | bytes
    at: float
    line: bytes
    is_proven: bool


class Writer:
    """The queue and the thread of one process."""

    def __init__(
        self,
        append: Callable[[Sequence[Line]], None] = timeline_store.append,
        exist: Callable[[Collection[bytes]], set[bytes]] | None = None,
    ) -> None:
        self._append, self._exist = append, exist or living
        self._waiting: deque[Event] = deque(maxlen=MAX_WAITING)
        self._unproven: deque[tuple[bytes, float, bytes]] = deque(maxlen=MAX_WAITING)
        self._prove_from = 0.0  # monotonic seconds
        self._wake = threading.Event()
        self._is_failing = False

    def put(self, event: Event) -> None:
        """Take an event. Never waits."""
        self._waiting.append(event)
        if not self._wake.is_set():
            self._wake.set()

    def start(self) -> None:
        """Start the thread. Without one nothing is written, and nothing else happens."""
        try:
            threading.Thread(target=self._run, name="timeline", daemon=True).start()
        except (RuntimeError, MemoryError):
            logger.warning("there is no thread for the timeline")

    def write(self) -> None:
        """Write what has come until now. Raises what Redis does."""
        proven: list[Line] = []
        for event in self._taken():
            digest = _digest(event.recipient)
            if digest is not None:
                line = (digest, event.at, event.line)
                (proven if event.is_proven else self._unproven).append(line)
        proven += self._proven()
        if proven:
            self._append(sorted(proven, key=lambda line: line[1]))

    def _taken(self) -> list[Event]:
        return [self._waiting.popleft() for _ in range(len(self._waiting))]

    def _proven(self) -> list[Line]:
        """What turns out to be of living mailboxes; while the database is away it waits, as far as there is room."""
        now = time.monotonic()
        if not self._unproven or now < self._prove_from:
            return []
        self._prove_from = now + PROVE
        try:
            exist = self._exist({digest for digest, _, _ in self._unproven})
        except Error:
            return []
        found = [line for line in self._unproven if line[0] in exist]
        self._unproven.clear()
        return found

    def _run(self) -> None:
        while True:
            self._wake.wait(PROVE if self._unproven else None)
            self._wake.clear()
            time.sleep(GATHER)
            self._try_to_write()

    def _try_to_write(self) -> None:
        try:
            self.write()
            self._is_failing = False
        except Exception as error:  # noqa: BLE001 - the next events may do better; nothing depends on these
            if not self._is_failing:
                fields = {"error": type(error).__name__}
                logger.warning("the timeline cannot be written", extra=fields)
            self._is_failing = True
            time.sleep(PAUSE)
        finally:
            with contextlib.suppress(Exception):
                connection.close()


def living(digests: Collection[bytes]) -> set[bytes]:
    """Return which of these digests are of mailboxes that take mail now. One query; raises django.db.Error."""
    rows = Mailbox.objects.live().filter(address_digest__in=digests, frozen_at=None)
    return {bytes(digest) for digest in rows.values_list("address_digest", flat=True)}


def _digest(recipient: str | bytes) -> bytes | None:
    """None for what is no mailbox: impossible names, and those of the operators."""
    if isinstance(recipient, bytes):
        return recipient
    try:
        address = addresses.parse(recipient)
    except InvalidAddress:
        return None
    if address.local_part in addresses.OPERATOR_LOCAL_PARTS:
        return None
    return keys.address_digest(address)
