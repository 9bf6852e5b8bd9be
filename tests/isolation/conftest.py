"""Instances with small limits, so that floods meet them soon."""

import contextlib
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from deploy.local import ports
from deploy.local.stack import Stack
from tests import private_database

CAP = 200  # messages in a mailbox
SIZE_LIMIT = 1_000_000  # bytes of a message
SENDER_DOMAIN_RATE, CLIENT_RATE, UNKNOWN_RATE = 100, 150, 40  # recipients a minute
SETTINGS = {
    "CREATIONS_PER_CLIENT": "1000/h",
    "MAILBOX_MAX_MESSAGES": str(CAP),
    "MESSAGE_SIZE_LIMIT": str(SIZE_LIMIT),
}
STRICT = SETTINGS | {
    "UNLIMITED_CLIENTS": "",
    "SENDER_DOMAIN_RATE": str(SENDER_DOMAIN_RATE),
    "CLIENT_RATE": str(CLIENT_RATE),
    "UNKNOWN_RECIPIENT_RATE": str(UNKNOWN_RATE),
}


@pytest.fixture(scope="package")
def capped_stack() -> Iterator[Stack]:
    """Mailboxes are full at 200 messages; the client's address is exempt from Postfix's rates."""
    with running({}) as stack:
        yield stack


@pytest.fixture(scope="package")
def strict_stack() -> Iterator[Stack]:
    """No client is exempt from Postfix's limits, not even a local one, and the worker's own are low."""
    with running({}, STRICT) as stack:
        yield stack


@contextlib.contextmanager
def running(values: dict[str, str], settings: Mapping[str, str] = SETTINGS) -> Iterator[Stack]:
    """A stack in a directory of its own, removed at the end."""
    scratch = Path(tempfile.mkdtemp(prefix="tempmail stack "))
    try:
        with (
            private_database.create() as url,
            Stack(
                scratch / "data",
                ports.free(),
                ports.free(),
                url,
                settings=settings,
                postfix_values=values,
            ) as stack,
        ):
            yield stack
        shutil.rmtree(stack.state_dir)
    finally:
        shutil.rmtree(scratch)
