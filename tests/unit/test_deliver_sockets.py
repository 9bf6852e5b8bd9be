"""The worker's listening sockets: bound anew, or handed over by systemd or a reload."""

import os
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from delivery.listeners import Address, bind

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def directory() -> Iterator[Path]:
    with TemporaryDirectory(prefix="tm") as name:
        yield Path(name)


def connects(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        return client.connect_ex(str(path)) == 0


def test_an_old_socket_file_is_replaced(directory: Path) -> None:
    path = directory / "below" / "a.sock"
    bind(Address("a", path)).close()
    assert not connects(path)
    with bind(Address("a", path)):
        assert connects(path)
    assert os.listdir(path.parent) == ["a.sock"]  # noqa: PTH208


def test_the_mode_is_as_given(directory: Path) -> None:
    with bind(Address("a", directory / "a.sock", mode=0o600, owner="nosuchuser:nosuchgroup")):
        assert stat.S_IMODE((directory / "a.sock").stat().st_mode) == 0o600


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_the_owner_is_as_given(directory: Path) -> None:
    with bind(Address("a", directory / "a.sock", owner="nobody:nogroup")):
        assert (directory / "a.sock").owner() == "nobody"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root chooses its groups")
def test_who_is_not_root_gives_it_to_a_group_of_its_own(directory: Path) -> None:
    directory.chmod(0o777)
    give = "import sys; from pathlib import Path; from delivery.listeners import Address, bind; "
    give += "bind(Address('a', Path(sys.argv[1]), owner='nobody:daemon'))"
    for groups, group in ((["daemon"], "daemon"), ([], "nogroup")):
        words = [sys.executable, "-c", give, str(directory / "a.sock")]
        subprocess.run(words, check=True, user="nobody", group="nogroup", extra_groups=groups)
        assert (directory / "a.sock").group() == group


PASSES = """
import os, socket, sys
from pathlib import Path
from delivery import handover
from delivery.listeners import Address, bind
sockets = {n: bind(Address(n, Path(sys.argv[1]) / n)) for n in ("delivery", "policy")}
environment = handover.prepare(sockets, {11, 12})
os.execve(sys.executable, [sys.executable, "-c", sys.argv[2], sys.argv[1]], environment)
"""
TAKES = """
import os, sys
from delivery import handover
sockets = handover.listening_sockets()
print({n: s.getsockname() == f"{sys.argv[1]}/{n}.%d" % os.getpid() for n, s in sockets.items()})
print(sorted(handover.replaced_processes()), "LISTEN_FDS" in os.environ)
print(any(s.get_inheritable() for s in sockets.values()))
"""


def test_sockets_and_processes_survive_an_exec(directory: Path) -> None:
    line = [sys.executable, "-c", PASSES, str(directory), TAKES]
    done = subprocess.run(line, cwd=ROOT, check=True, capture_output=True, text=True, timeout=60)
    assert done.stdout.splitlines() == [
        "{'delivery': True, 'policy': True}",
        "[11, 12] False",
        "False",
    ]


def test_sockets_meant_for_another_process_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    from delivery import handover

    monkeypatch.setenv("LISTEN_PID", "1")
    monkeypatch.setenv("LISTEN_FDS", "2")
    assert handover.listening_sockets() == {}
