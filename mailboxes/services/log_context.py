"""What the lines of one delivery, or of one run of a task, have in common: set where it begins, put into each line."""

import contextlib
import secrets
from collections.abc import Iterator
from contextvars import ContextVar

# '' outside of one.
queue_id: ContextVar[str] = ContextVar("queue_id", default="")
run_id: ContextVar[str] = ContextVar("run_id", default="")


@contextlib.contextmanager
def delivery(id_: str) -> Iterator[None]:
    """Name Postfix's queue id in every line that is written meanwhile, whoever writes it."""
    before = queue_id.set(id_)
    try:
        yield
    finally:
        queue_id.reset(before)


def begin_run() -> None:
    """Name a new run of a task in every line from now on, in this thread."""
    run_id.set(secrets.token_hex(8))


def end_run() -> None:
    """Name none any more."""
    run_id.set("")
