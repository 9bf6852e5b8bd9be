"""`BYTES COUNT`: store so many messages of about that size, one by one; CPU and wall seconds, and raw bytes."""

import random
import time
from collections.abc import Callable

from tests.benchmarks.inside import answering

BOXES = 100


def make() -> Callable[[str, str], object]:
    """Make the mailboxes."""
    from mailboxes.services import creation, intake
    from mailboxes.services.parcels import Envelope
    from tests.benchmarks import instances

    boxes = [creation.create().address for _ in range(BOXES)]
    chance = random.Random(1)  # noqa: S311 - nothing secret
    stored = 0

    def store(size: str, count: str) -> object:
        nonlocal stored
        bodies = [
            instances.body(stored + each, round(int(size) * chance.uniform(0.8, 1.2)))
            for each in range(int(count))
        ]
        cpu, wall = time.process_time(), time.monotonic()
        for body in bodies:
            stored += 1
            envelope = Envelope(f"4Bench{stored}", "sender@example.org", (chance.choice(boxes),))
            intake.store(envelope, body)
        seconds = {"cpu": time.process_time() - cpu, "wall": time.monotonic() - wall}
        return seconds | {"bytes": sum(map(len, bodies))}

    return store


if __name__ == "__main__":
    answering.serve(make)
