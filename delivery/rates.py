"""How many recipients a client or a sender domain asked for in the last minute, counted over all worker processes.

One anonymous shared mapping, made before the fork, has a table for each process: only that process writes it, all
read it. Keys are digests under a key that lives as long as the worker: nothing in it says who somebody is, and nobody
outside can choose who shares a set with whom. Tables have a fixed size: in a full set the one that was quiet longest is
forgotten, but one that is cut off last of all. All counts start anew with the worker.
"""

import hashlib
import mmap
import secrets
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

SLICE_SECONDS = 10
SLICES = 7  # the one that fills now, and the minute before it
SETS = 1024
WAYS = 4
KEY_SIZE = 16  # bytes

# Key, the slice of time in which it was last written, the slice until which it is cut off; then for each slice of
# time its number, recipients let in, recipients that do not exist.
ENTRY = struct.Struct(f"<{KEY_SIZE}sII" + "III" * SLICES)
HEAD = struct.Struct(f"<{KEY_SIZE}sII")
SLICE = struct.Struct("<III")
TABLE_SIZE = SETS * WAYS * ENTRY.size


class Counts(NamedTuple):
    """What was counted in the last minute, and whether who it belongs to is cut off."""

    let_in: int = 0
    unknown: int = 0
    is_cut_off: bool = False


@dataclass(frozen=True, slots=True)
class Rates:
    """The shared mapping, for a number of processes, and the key of its digests."""

    memory: mmap.mmap
    processes: int
    secret: bytes

    @classmethod
    def create(cls, processes: int) -> "Rates":
        """An empty one; pages that nothing touched cost nothing."""
        return cls(mmap.mmap(-1, processes * TABLE_SIZE), processes, secrets.token_bytes(32))

    def find(self, process: int, key: bytes) -> int | None:
        """Where the entry of a key is."""
        start = first_place(process, key)
        place = self.memory.find(key, start, start + WAYS * ENTRY.size)
        # Counts that look like a digest by chance would lie elsewhere than a key does.
        return place if place >= 0 and (place - start) % ENTRY.size == 0 else None

    def quietest(self, process: int, key: bytes) -> int:
        """Where an entry for a new key may be made."""
        return min(places(process, key), key=self._silence)

    def _silence(self, place: int) -> int:
        _key, written, cut_off_until = HEAD.unpack_from(self.memory, place)
        return int(max(written, cut_off_until))


class RateBook:
    """One process's own table to write, and everybody's to read. Safe for its threads."""

    def __init__(
        self, shared: Rates, process: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._shared, self._process, self._clock = shared, process, clock
        self._lock = threading.Lock()

    def key(self, kind: str, value: str) -> bytes:
        """What a client or a sender domain is counted under."""
        data = f"{kind}:{value}".encode("utf-8", "replace")
        return hashlib.blake2b(data, key=self._shared.secret, digest_size=KEY_SIZE).digest()

    def counts(self, key: bytes) -> Counts:
        """What all processes counted. A torn read, while another process writes, is wrong by one."""
        now, let_in, unknown, cut_off_until = self._now(), 0, 0, 0
        for process in range(self._shared.processes):
            place = self._shared.find(process, key)
            if place is None:
                continue
            _key, _written, until, *slices = ENTRY.unpack_from(self._shared.memory, place)
            cut_off_until = max(cut_off_until, until)
            for at in range(0, 3 * SLICES, 3):
                if now - SLICES < slices[at] <= now:
                    let_in += slices[at + 1]
                    unknown += slices[at + 2]
        return Counts(let_in, unknown, now < cut_off_until)

    def add(self, key: bytes, *, let_in: int = 0, unknown: int = 0) -> None:
        """Count recipients that were let in or that do not exist."""
        with self._lock:
            now, memory = self._now(), self._shared.memory
            place = self._own(key)
            at = place + HEAD.size + now % SLICES * SLICE.size
            number, *before = SLICE.unpack_from(memory, at)
            if number == now:
                let_in, unknown = let_in + before[0], unknown + before[1]
            SLICE.pack_into(memory, at, now, let_in, unknown)
            _key, _written, until = HEAD.unpack_from(memory, place)
            HEAD.pack_into(memory, place, key, now, until)

    def cut_off(self, key: bytes, seconds: int) -> None:
        """Note for all processes that this one is to be refused for so long, to the next ten seconds."""
        with self._lock:
            now, place = self._now(), self._own(key)
            HEAD.pack_into(
                self._shared.memory, place, key, now, now + max(1, seconds // SLICE_SECONDS)
            )

    def _own(self, key: bytes) -> int:
        """Where this process's entry for a key is, made if need be."""
        place = self._shared.find(self._process, key)
        if place is None:
            place = self._shared.quietest(self._process, key)
            self._shared.memory[place : place + ENTRY.size] = bytes(ENTRY.size)
        return place

    def _now(self) -> int:
        return int(self._clock()) // SLICE_SECONDS + SLICES  # never one that is empty memory's 0


def places(process: int, key: bytes) -> list[int]:
    """Where in the mapping a process may keep the entry of a key."""
    start = first_place(process, key)
    return [start + way * ENTRY.size for way in range(WAYS)]


def first_place(process: int, key: bytes) -> int:
    """Where the set of a key begins."""
    number = int.from_bytes(key[:4], "little") % SETS
    return process * TABLE_SIZE + number * WAYS * ENTRY.size
