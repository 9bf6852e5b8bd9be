"""One machine for the tests of the units: it takes half a minute to be up."""

from collections.abc import Iterator

import pytest

from tests.system import booted
from tests.system.booted import Machine, ask, wait_until
from tests.system.booted_service import DAEMONS, SITE, is_active


@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """A machine with everything running."""
    booted.needs_booting()
    with Machine(tmp_path_factory.mktemp("booted")) as made:
        for unit in DAEMONS:
            wait_until(lambda unit=unit: is_active(made, unit), unit)  # type: ignore[misc]
        wait_until(lambda: ask(made.path(SITE), "GET", "/healthz")[0] == 200, "the site")
        yield made


@pytest.fixture(scope="package")
def key(server: Machine) -> str:
    """An API key."""
    return server.manage("create_api_key", "tests").splitlines()[-1]
