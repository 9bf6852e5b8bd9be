"""What the tests of this directory share: a container engine with the images, which take a minute to build."""

from collections.abc import Iterator

import pytest

from tests.system import engine as engines
from tests.system.engine import ROOT, TARGETS, Engine


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    """An engine with the images of deploy/docker/Dockerfile."""
    with engines.engine() as started:
        for target in TARGETS:
            started.build(ROOT / "deploy/docker/Dockerfile", target, f"tempmail-{target}", ROOT)
        yield started
