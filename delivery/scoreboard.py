"""What supervisor and processes share: who parses what since when, and which messages killed.

One anonymous shared mapping made before the fork, so that it outlives any process. Every cell has
one writer at a time: a process its own slot, the supervisor the suspects; a torn read costs at most
one message stored unparsed or one retry.
"""

import mmap
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b

from delivery.admissions import Admissions
from delivery.rates import Rates

DIGEST_SIZE = 32
POINTS_TO_SUSPECT = 2  # one kill -9 from outside says nothing about the message
SUSPECTS = 64
SLOT = struct.Struct(f"<d{DIGEST_SIZE}s")  # since (monotonic seconds, 0 while nothing is parsed)
SUSPECT = struct.Struct(f"<{DIGEST_SIZE}sI")
HEADER = struct.Struct("<dd")  # flush wanted since, flushed at (monotonic seconds, 0 for never)


@dataclass(frozen=True, slots=True)
class Parsing:
    """The message a process has under its parser, and since when (monotonic seconds)."""

    digest: bytes
    since: float


def digest_of(raw: bytes) -> bytes:
    """What a message is recognised by when pipe(8) sends it again, byte for byte the same."""
    return blake2b(raw, digest_size=DIGEST_SIZE).digest()


class Scoreboard:
    """The shared mappings, for a number of processes."""

    def __init__(self, processes: int) -> None:
        self.processes = processes
        self.admissions = Admissions.create(processes)
        self.rates = Rates.create(processes)
        self._suspects_at = HEADER.size + processes * SLOT.size
        self._next = 0
        self._memory = mmap.mmap(-1, self._suspects_at + SUSPECTS * SUSPECT.size)

    def start(self, slot: int, raw: bytes) -> None:
        """Notes the message as being parsed by this slot's process from now on."""
        self._write_slot(slot, time.monotonic(), digest_of(raw))

    def parsed_now(self, slot: int) -> Parsing | None:
        """What that slot's process parses, also after its death."""
        since, digest = SLOT.unpack_from(self._memory, HEADER.size + slot * SLOT.size)
        return Parsing(digest, since) if since else None

    def clear(self, slot: int) -> None:
        """Notes that this slot's process parses nothing."""
        self._write_slot(slot, 0.0, b"")

    def _write_slot(self, slot: int, since: float, digest: bytes) -> None:
        SLOT.pack_into(self._memory, HEADER.size + slot * SLOT.size, since, digest)

    def accuse(self, digest: bytes, points: int) -> None:
        """Counts against the message during whose parsing a process died; supervisor only."""
        for place, (known, score) in enumerate(self._suspects()):
            if known == digest:
                self._write_suspect(place, digest, score + points)
                return
        self._write_suspect(self._next, digest, points)
        self._next = (self._next + 1) % SUSPECTS

    def is_suspect(self, raw: bytes) -> bool:
        """Whether this message is to be stored without any parser touching it."""
        suspects = {digest for digest, score in self._suspects() if score >= POINTS_TO_SUSPECT}
        return bool(suspects) and digest_of(raw) in suspects

    def _suspects(self) -> Iterator[tuple[bytes, int]]:
        for place in range(SUSPECTS):
            yield SUSPECT.unpack_from(self._memory, self._suspects_at + place * SUSPECT.size)

    def _write_suspect(self, place: int, digest: bytes, score: int) -> None:
        offset = self._suspects_at + place * SUSPECT.size
        SUSPECT.pack_into(self._memory, offset, digest, score)

    @property
    def flush_wanted_at(self) -> float:
        """Monotonic seconds since when Postfix may hold mail that could be delivered; 0 for not."""
        return float(HEADER.unpack_from(self._memory)[0])

    @property
    def flushed_at(self) -> float:
        """Monotonic seconds of the last flush by any process; 0 for never."""
        return float(HEADER.unpack_from(self._memory)[1])

    def want_flush(self) -> None:
        """After anything that may have made Postfix defer mail."""
        if not self.flush_wanted_at:
            HEADER.pack_into(self._memory, 0, time.monotonic(), self.flushed_at)

    def note_flush(self) -> None:
        """One process flushes now, on behalf of all."""
        HEADER.pack_into(self._memory, 0, 0.0, time.monotonic())
