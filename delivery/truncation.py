"""Catches a message cut off by the death of pipe(8) that the script could not notice.

The script sees its parent's death by a changed getppid(2). A parent that died in the milliseconds
before the script's first instruction, below a subreaper (prctl(2)) other than process 1, leaves no
such trace; only Postfix's idea of the size is left, an approximation as pipe(8) says. In a queue
file a line costs two or three bytes more than its text, so a message has at least about half that
size (Postfix 3.7: 300,000 empty lines are declared as 600,203 bytes and arrive as 300,198).
"""

from collections import OrderedDict

SLACK = 4096  # bytes: records of the queue file that are no text
REMEMBERED = 1000


class ShortMessages:
    """Which queue files were deferred for being short, each at most once in a process."""

    def __init__(self) -> None:
        self._seen: OrderedDict[str, None] = OrderedDict()

    def defers(self, queue_id: str, declared: int, received: int) -> bool:
        """Whether to ask for it again: a cut one comes whole then, a strange one is taken."""
        if 2 * received + SLACK >= declared or queue_id in self._seen:
            return False
        self._seen[queue_id] = None
        if len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)
        return True
