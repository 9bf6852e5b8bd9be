"""deploy/install.sh on a bare Debian 13: other Python, PostgreSQL, Postfix, nginx and Redis, the same installer."""

from collections.abc import Iterator

import pytest

from tests.system import chroot, installation, machine
from tests.system.chroot import Chroot


@pytest.fixture(scope="module")
def server() -> Iterator[Chroot]:
    """A bare Debian 13 with the checkout in it."""
    machine.needs_bare_machine()
    try:
        chroot.wheels_of("trixie")
    except RuntimeError as error:
        pytest.skip(f"Debian 13 cannot be had here: {error}")
    with chroot.bare("trixie") as bare:
        installation.bring_tree(bare)
        yield bare


def test_it_installs_tests_itself_and_has_nothing_to_do_twice(server: Chroot) -> None:
    server.boot()
    done = installation.install(server)
    assert "a mail came in through port 25 and out through the API" in done.stdout
    assert "nothing to change" in installation.install(server).stdout
    assert server.run("systemctl", "--failed", "--plain", "--no-legend").stdout == ""
