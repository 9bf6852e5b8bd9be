"""Catches a message cut off by the death of pipe(8) that the script could not notice.

The script sees its parent's death by a changed getppid(2). A parent that died in the milliseconds
before the script's first instruction, below a subreaper (prctl(2)) other than process 1, leaves no
such trace; only Postfix's idea of the size is left. That is the size of the records in the queue
file (record(5) of Postfix's sources): a line costs one byte more than its text with its line end,
from 128 bytes on two, and each piece of 2048 bytes of a longer line three.

It is an approximation, as pipe(8) says: what a milter changed is still in it. But pipe(8) writes
whole blocks until the last one, so what was cut has their length and is measured exactly. All else
is deferred only when far too short: each record has at most about double its text.
"""

import re
from collections import OrderedDict

BLOCK = (
    4096  # bytes: VSTREAM_BUFSIZE of Postfix, and PIPE_BUF of Linux, up to which a write is whole
)
SLACK = 4096  # bytes: records of the queue file that are no text
REMEMBERED = 1000
_LONG = re.compile(rb"[^\n]{128,}")
_PIECE = 2048  # bytes: line_length_limit of postconf(5)


class ShortMessages:
    """Which queue files were deferred for being short, each at most once in a process."""

    def __init__(self) -> None:
        self._seen: OrderedDict[str, None] = OrderedDict()

    def defers(self, queue_id: str, declared: int, body: bytes) -> bool:
        """Whether to ask for it again: a cut one comes whole then, a strange one is taken."""
        if not is_short(declared, body) or queue_id in self._seen:
            return False
        self._seen[queue_id] = None
        if len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)
        return True


def is_short(declared: int, body: bytes) -> bool:
    """Whether so many bytes were declared that something seems to be missing."""
    if 2 * len(body) + SLACK < declared:
        return True
    return len(body) % BLOCK == 0 and declared > _in_queue_file(body)


def _in_queue_file(body: bytes) -> int:
    pieces = sum(1 + 3 * (len(line) // _PIECE) for line in _LONG.findall(body))
    return len(body) + body.count(b"\n") + pieces
