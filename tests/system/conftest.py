"""What the tests of this directory share: a container engine with the images, which take a minute to build."""

from collections.abc import Iterator

import pytest

from tests.system import engine as engines
from tests.system import unchroot
from tests.system.engine import ROOT, TARGETS, Engine


def pytest_sessionstart() -> None:
    """Where we run in a chroot, do what has to be done before anything else is started."""
    unchroot.leave_if_needed()


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    """An engine with the images of deploy/docker/Dockerfile."""
    with engines.engine() as started:
        for target in TARGETS:
            started.build(ROOT / "deploy/docker/Dockerfile", target, f"tempmail-{target}", ROOT)
        yield started
