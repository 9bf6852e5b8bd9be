"""A server and the world around it: the network that the tests of the edge share."""

import contextlib
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.system import machine
from tests.system.edge.client import Client
from tests.system.edge.host import SITE
from tests.system.edge.server import Server
from tests.system.network import Network

SERVER, SERVER6 = "198.51.100.1", "2001:db8:1::1"
VISITOR, OTHER, THIRD = "198.51.100.7", "198.51.100.8", "198.51.100.9"
VISITOR6, NEIGHBOUR6, OTHER6 = "2001:db8:1::7", "2001:db8:1::8", "2001:db8:1:5::7"
PROGRAMS = ("nginx", "nft", "redis-server", "curl", "systemd-socket-activate", "setpriv", "ss")


@dataclass(frozen=True, slots=True)
class Place:
    """The server, a visitor by IPv4, and the same visitor by IPv6."""

    network: Network
    host: Server
    visitor: Client
    visitor6: Client


@contextlib.contextmanager
def place(prepare: Callable[[Server], object], *programs: str) -> Iterator[Place]:
    """A server on which `prepare` has been called, and its visitors; a skip where this machine cannot have them."""
    machine.needs_namespaces()
    machine.needs_programs(*PROGRAMS, *programs)
    with (
        tempfile.TemporaryDirectory(prefix="edge") as scratch,
        Network({"server": SERVER, "client": VISITOR}) as network,
        Server(network, "server", Path(scratch)) as host,
    ):
        _address(network, "server", f"{SERVER6}/48")
        for address in (f"{OTHER}/24", f"{THIRD}/24"):
            _address(network, "client", address)
        for address in (f"{VISITOR6}/48", f"{NEIGHBOUR6}/48", f"{OTHER6}/48"):
            _address(network, "client", address)
        prepare(host)
        certificate = host.scratch / "ca.pem"
        yield Place(
            network,
            host,
            Client(network, "client", SERVER, certificate, VISITOR),
            Client(network, "client", SERVER6, certificate, VISITOR6),
        )


def prepare_site(host: Server) -> None:
    """nginx, Redis and the site, all of which answer."""
    host.install_nginx()
    host.install_site()
    host.start_redis()
    host.start_site()
    host.start_nginx()


def _address(network: Network, name: str, address: str) -> None:
    words = ["address", "add", address, "dev", "eth0"]
    nodad = ["nodad"] if ":" in address else []  # it is to work at once (ip-address(8))
    run(network, name, "ip", *words, *nodad)


def run(network: Network, name: str, *words: str) -> str:
    """Run a program on a host of the network; return what it prints."""
    done = subprocess.run(
        [*network.command(name), *words], check=False, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def curl(place: Place, *words: str) -> str:
    """Run curl(1) as a visitor who finds the site in the DNS; return what it prints."""
    resolve = [word for port in (80, 443) for word in ("--resolve", f"{SITE}:{port}:{SERVER}")]
    ca = str(place.host.scratch / "ca.pem")
    return run(place.network, "client", "curl", "-sS", "--cacert", ca, *resolve, *words)
