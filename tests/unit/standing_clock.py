"""A clock that stands still, for what counts time; and, for tables in shared memory, keys of one set."""


class Clock:
    """Seconds that a test moves on."""

    def __init__(self, now: float = 5.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def same_set(number: int) -> bytes:
    """Keys that all fall into one set."""
    return bytes(4) + number.to_bytes(12, "little")
