"""An answer for each line: ended mailboxes are purged by the service, as its task does, until none is left."""

import time
from collections.abc import Callable

from tests.benchmarks.inside import answering


def make() -> Callable[[], object]:
    """Nothing is made."""
    from mailboxes.services import purging

    def purge() -> object:
        cpu, wall = time.process_time(), time.monotonic()
        done = purging.purge_ended_mailboxes(600)
        seconds = {"cpu": time.process_time() - cpu, "wall": time.monotonic() - wall}
        return seconds | {"messages": done.messages, "mailboxes": done.mailboxes}

    return purge


if __name__ == "__main__":
    answering.serve(make)
