"""Whole instances for the fault tests: started, used, taken down."""

import contextlib
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from deploy.local import ports
from deploy.local.stack import Stack

# No cap refuses what the load sends.
SETTINGS = {"MAILBOX_MAX_MESSAGES": "1000000", "MAILBOX_MAX_BYTES": "1000000000"}


def on(*kinds: str) -> pytest.MarkDecorator:
    """Run a test on instances of these kinds: "postgresql", "sqlite", "lmtp" (PostgreSQL, other transport)."""
    return pytest.mark.parametrize("service", kinds, indirect=True, scope="session")


@contextlib.contextmanager
def instance(
    database_url: str | None,
    settings: Mapping[str, str] | None = None,
    prepare: Callable[[Stack], contextlib.AbstractContextManager[object]] | None = None,
) -> Iterator[Stack]:
    """An instance in a directory of its own; `prepare` is entered before its start and left after its end."""
    scratch = Path(tempfile.mkdtemp(prefix="tempmail faults "))
    environment = {**SETTINGS, **(settings or {})}
    try:
        data = scratch / "data"
        stack = Stack(data, ports.free(), ports.free(), database_url, settings=environment)
        with prepare(stack) if prepare else contextlib.nullcontext(), stack:
            yield stack
        shutil.rmtree(stack.state_dir)
    finally:
        shutil.rmtree(scratch)
