"""What the tests of the edge share: a server with nginx and the site, and a mailbox on it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.edge import boxes, place
from tests.system.edge.place import Place


@pytest.fixture(scope="package")
def edge() -> Iterator[Place]:
    """The server, once for all of them."""
    with place.place(place.prepare_site) as made:
        yield made


@pytest.fixture(scope="package")
def mailbox(edge: Place) -> dict[str, str]:
    """A mailbox there: address, token, id."""
    return boxes.make(edge)


@pytest.fixture
def away(edge: Place) -> Iterator[None]:
    for unit in ("site", "streams"):
        edge.host.stop(unit)
    yield
    edge.host.start_site()


@pytest.fixture
def echo(edge: Place) -> Iterator[None]:
    """In place of the site: a server that says what it heard."""
    edge.host.stop("site")
    path = "/run/tempmail/site.sock"
    edge.host.run("rm", "-f", path)
    edge.host.start("echo", "python3", "-B", str(Path(__file__).with_name("echo.py")), path)
    edge.host.wait_until(edge.host.path(path).exists, "echo listens")
    yield
    edge.host.stop("echo")
    edge.host.start_unit("site")
    edge.host.wait_until(lambda: edge.host.asks("site", "/livez"), "the site is back")
