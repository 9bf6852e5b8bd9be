"""What RCPT let in during the last minute and is not stored yet, counted for each address.

Between RCPT and storing lie Postfix's queue and other processes; without this count a flood meets a
mailbox's cap only after it is in. One anonymous shared mapping, made before the fork, has a table
for each process: only that process writes it, all read it. Tables have a fixed size: in a full set
the address that was quiet longest is forgotten. All counts start anew with the worker.

Not counted: mail that waits in the queue for more than a minute, and what the client of a message
did not declare as its size. Two questions at the same moment may both get the last free place.
"""

import mmap
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from mailboxes.services.recipients import Pending

SLICE_SECONDS = 10
SLICES = 7  # the one that fills now, and the minute before it
SETS = 1024
WAYS = 4
KEY_SIZE = 16  # bytes, an address digest

# Which slice of time, messages let in, messages stored, bytes let in, bytes stored.
SLICE = struct.Struct("<IIIQQ")
HEAD = struct.Struct(f"<{KEY_SIZE}sI")  # key, the slice in which it was last written
ENTRY_SIZE = HEAD.size + SLICES * SLICE.size
TABLE_SIZE = SETS * WAYS * ENTRY_SIZE

Slices = dict[int, tuple[int, int, int, int]]  # by slice of time: as in SLICE


@dataclass(frozen=True, slots=True)
class Admissions:
    """The shared mapping, for a number of processes."""

    memory: mmap.mmap
    processes: int

    @classmethod
    def create(cls, processes: int) -> "Admissions":
        """An empty one; pages that nothing touched cost nothing."""
        return cls(mmap.mmap(-1, processes * TABLE_SIZE), processes)

    def slices(self, process: int, key: bytes, oldest: int) -> Slices:
        """What one process has counted for an address since the `oldest` slice.

        A torn read, while that process writes, is wrong by one message.
        """
        place = self.find(process, key)
        if place is None:
            return {}
        found = (
            SLICE.unpack_from(self.memory, place + HEAD.size + number * SLICE.size)
            for number in range(SLICES)
        )
        return {counts[0]: counts[1:] for counts in found if counts[0] >= oldest}

    def find(self, process: int, key: bytes) -> int | None:
        """Where the entry of an address is."""
        for place in places(process, key):
            if self.memory[place : place + KEY_SIZE] == key:
                return place
        return None

    def quietest(self, process: int, key: bytes) -> int:
        """Where an entry for a new address may be made."""
        return min(places(process, key), key=lambda place: HEAD.unpack_from(self.memory, place)[1])


class AdmissionBook:
    """One process's own table to write, and everybody's to read. Safe for its threads."""

    def __init__(
        self, shared: Admissions, process: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._shared, self._process, self._clock = shared, process, clock
        self._lock = threading.Lock()

    def admit(self, key: bytes, size: int) -> None:
        """RCPT was answered 250; `size` is the declared one in bytes, 0 if unknown."""
        self._add(key, (1, 0, size, 0))

    def settle(self, key: bytes, size: int) -> None:
        """A message was stored for the address: from now on the database counts it."""
        self._add(key, (0, 1, 0, size))

    def pending(self, key: bytes) -> Pending:
        """What all processes let in during the last minute, without what has been stored.

        What was stored is taken from what came before it, never from what came later: so one that
        waited for more than a minute takes little from those of now.
        """
        oldest = self._now() - SLICES + 1
        tables = [
            self._shared.slices(process, key, oldest) for process in range(self._shared.processes)
        ]
        messages = size = 0
        for number in sorted({number for table in tables for number in table}):
            for table in tables:
                admitted, stored, admitted_bytes, stored_bytes = table.get(number, (0, 0, 0, 0))
                messages += admitted - stored
                size += admitted_bytes - stored_bytes
            messages, size = max(0, messages), max(0, size)
        return Pending(messages, size)

    def _now(self) -> int:
        return int(self._clock()) // SLICE_SECONDS + SLICES  # never one that is empty memory's 0

    def _add(self, key: bytes, counts: tuple[int, int, int, int]) -> None:
        with self._lock:
            now, memory = self._now(), self._shared.memory
            place = self._shared.find(self._process, key)
            if place is None:
                place = self._shared.quietest(self._process, key)
                memory[place : place + ENTRY_SIZE] = bytes(ENTRY_SIZE)
            at = place + HEAD.size + now % SLICES * SLICE.size
            number, *before = SLICE.unpack_from(memory, at)
            if number == now:
                counts = tuple(map(sum, zip(before, counts, strict=True)))  # type: ignore[assignment]
            SLICE.pack_into(memory, at, now, *counts)
            HEAD.pack_into(memory, place, key, now)


def places(process: int, key: bytes) -> list[int]:
    """Where in the mapping a process may keep the entry of an address."""
    # The key is a keyed digest: nobody outside can choose addresses that fall into one set.
    first = int.from_bytes(key[:4], "little") % SETS * WAYS
    start = process * TABLE_SIZE + first * ENTRY_SIZE
    return [start + way * ENTRY_SIZE for way in range(WAYS)]
