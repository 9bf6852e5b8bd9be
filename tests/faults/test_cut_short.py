"""pipe(8) killed while it hands over a message: to the script that looks like a clean end (MAIL-PATH, fact 3)."""

import contextlib
import ctypes
import os
from collections.abc import Iterator
from functools import partial

import pytest

from tests.faults import victims
from tests.faults.instances import on
from tests.faults.service import SOON, Service

PR_SET_CHILD_SUBREAPER = 36
SLOW_START = 'sleep 0.7; exec "$@"'  # the script's first instruction comes after its parent's death


@pytest.fixture
def _subreaper() -> Iterator[None]:
    """Orphans become children of this process: the script's new parent is not process 1 (prctl(2))."""
    prctl = ctypes.CDLL(None).prctl
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    yield
    prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[
            0
        ]:  # servers of a Stack run on; Popen copes with what is gone
            pass


@on("postgresql")
def test_three_megabytes_cut_while_the_script_reads(service: Service) -> None:
    service.retry(SOON)
    for _ in range(2):
        service.send(3_000_000)
        victims.kill_one(partial(victims.feeders, service.stack))
        service.settle()
    service.audit()


@pytest.mark.parametrize("size", [90_000, 3_000_000])
@on("postgresql")
@pytest.mark.usefixtures("_subreaper")
def test_cut_before_the_scripts_first_instruction(service: Service, size: int) -> None:
    service.retry(SOON)
    with service.interpreter(SLOW_START):
        service.send(size)
        victims.kill_one(partial(victims.feeders, service.stack))
    service.settle_and_audit()
