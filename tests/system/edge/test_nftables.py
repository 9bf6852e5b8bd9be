"""The firewall, loaded into a network of its own: real packets from outside in and from inside out."""

import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.system.edge import host, place
from tests.system.edge.knock import knock
from tests.system.edge.place import (
    NEIGHBOUR6,
    OTHER,
    OTHER6,
    SERVER,
    SERVER6,
    THIRD,
    VISITOR,
    VISITOR6,
    Place,
)
from tests.system.edge.server import Server

OPEN, CLOSED = (22, 25, 80, 443), (21, 53, 465, 587, 5432, 6379, 8000, 9180)
OUTSIDE = ("25", "53", "udp", "53", "80", "443", "5432", "8443", "465")
SCRIPTS = Path("/opt/tempmail/current/tests/system/edge")
LISTENER = Path(__file__).with_name("listener.py")
CONFINED = (
    "tempmail",
    "tempmail-site",
    "tempmail-worker",
    "tempmail-script",
    "www-data",
    "postfix",
)


def prepare(server: Server) -> None:
    """The firewall, and programs behind it on ports that are open and ports that are not."""
    server.run("nft", "add table inet others")  # of another program: Docker, say
    server.place("nftables/tempmail.nft.in", "/etc/tempmail/tempmail.nft")
    server.run("nft", "-f", "/etc/tempmail/tempmail.nft")
    ports = [str(port) for port in (*OPEN, *CLOSED)]
    server.start("listener", "python3", "-B", str(SCRIPTS / "listener.py"), *ports)
    server.wait_until(lambda: "ready" in server.log("listener").read_text(), "the listener")


@pytest.fixture(scope="module")
def walled() -> Iterator[Place]:
    with place.place(prepare, "nft") as made, outside(made):
        yield made


@contextmanager
def outside(made: Place) -> Iterator[None]:
    """Programs of others, on the other host."""
    log = made.host.scratch / "outside"
    with log.open("wb") as output:
        words = ["python3", "-B", str(LISTENER), *OUTSIDE]
        running = subprocess.Popen([*made.network.command("client"), *words], stdout=output)
    try:
        made.host.wait_until(lambda: "ready" in log.read_text(), "the other host")
        yield
    finally:
        running.kill()
        running.wait()


def from_outside(made: Place, port: int, source: str = VISITOR) -> str:
    with made.network.on("client"):
        return knock(SERVER6 if ":" in source else SERVER, port, source=source)


def from_inside(made: Place, user: str, to: str, port: int, *udp: str) -> str:
    by = ["setpriv", "--reuid", user, "--clear-groups", "--"]
    words = ["python3", "-B", str(SCRIPTS / "knock.py"), to, str(port), *udp]
    return made.host.run(*by, *words).stdout.strip()


def ban(made: Place, name: str, element: str) -> None:
    made.host.run("nft", f"add element inet tempmail {name} {{ {element} }}")


def flush(made: Place, name: str) -> None:
    made.host.run("nft", f"flush set inet tempmail {name}")


def test_it_is_valid_and_replaces_only_itself(walled: Place) -> None:
    assert walled.host.run("nft", "-c", "-f", "/etc/tempmail/tempmail.nft").stderr == ""
    before = walled.host.run("nft", "list", "table", "inet", "tempmail").stdout
    walled.host.run("nft", "-f", "/etc/tempmail/tempmail.nft")
    walled.host.run("nft", "-f", "/etc/tempmail/tempmail.nft")
    assert walled.host.run("nft", "list", "table", "inet", "tempmail").stdout == before
    assert "table inet others" in walled.host.run("nft", "list", "tables").stdout


def test_what_is_open_is_open_and_nothing_else(walled: Place) -> None:
    for source in (VISITOR, VISITOR6):
        with ThreadPoolExecutor(len(CLOSED)) as pool:
            found = pool.map(lambda port, by=source: from_outside(walled, port, by), CLOSED)
            assert dict(zip(CLOSED, found, strict=True)) == dict.fromkeys(CLOSED, "silent")
        assert {port: from_outside(walled, port, source) for port in OPEN} == dict.fromkeys(
            OPEN, "open"
        )


def test_another_port_for_ssh_is_open_instead(walled: Place) -> None:
    text = host.rendering.render(
        host.DEPLOY / "nftables/tempmail.nft.in", {**host.VALUES, "SSH_PORT": "8000"}
    )
    walled.host.write("/etc/tempmail/tempmail.nft", text)
    try:
        walled.host.run("nft", "-f", "/etc/tempmail/tempmail.nft")
        assert [from_outside(walled, port) for port in (22, 8000, 25)] == ["silent", "open", "open"]
    finally:
        walled.host.place("nftables/tempmail.nft.in", "/etc/tempmail/tempmail.nft")
        walled.host.run("nft", "-f", "/etc/tempmail/tempmail.nft")


@pytest.mark.parametrize("user", ["root", "nobody", "tempmail-tasks", *CONFINED])
def test_no_packet_leaves_for_port_25(walled: Place, user: str) -> None:
    came = (walled.host.scratch / "outside").read_text().count("\n25 ")
    for elsewhere in (VISITOR, VISITOR6):
        assert from_inside(walled, user, elsewhere, 25) == "refused"
    assert (walled.host.scratch / "outside").read_text().count("\n25 ") == came
    for here in ("127.0.0.1", "::1", SERVER, SERVER6):
        assert from_inside(walled, user, here, 25) == "open"


def test_of_our_users_only_the_tasks_open_connections_and_only_for_https(walled: Place) -> None:
    for elsewhere in (VISITOR, VISITOR6):
        asked = {
            port: from_inside(walled, "tempmail-tasks", elsewhere, port)
            for port in (443, 8443, 80, 5432, 465)
        }
        assert asked == {443: "open", 8443: "open", 80: "refused", 5432: "refused", 465: "refused"}


@pytest.mark.parametrize("user", CONFINED)
def test_the_others_open_none(walled: Place, user: str) -> None:
    asked = {port: from_inside(walled, user, VISITOR, port) for port in (80, 443, 8443, 5432, 465)}
    assert set(asked.values()) == {"refused"}
    assert from_inside(walled, user, VISITOR6, 443) == "refused"
    assert from_inside(walled, user, "127.0.0.1", 5432) == "open"


def test_the_system_itself_goes_on(walled: Place) -> None:
    """Updates, certificates and the clock are root's and users of the system's."""
    for user in ("root", "nobody"):
        assert [from_inside(walled, user, VISITOR, port) for port in (80, 443)] == ["open", "open"]


def test_names_are_asked_for_by_everybody(walled: Place) -> None:
    for user in ("tempmail-site", "tempmail-tasks", "root"):
        assert from_inside(walled, user, VISITOR, 53) == "open"
        assert from_inside(walled, user, VISITOR, 53, "udp") == "open"


def test_who_is_shut_out_loses_what_he_has_and_gets_nothing_new(walled: Place) -> None:
    with walled.visitor.connect(80, OTHER) as standing:
        assert standing.recv(100) == b"hello\n"
        ban(walled, "banned_web4", f"{OTHER} timeout 1h")
        assert from_outside(walled, 80, OTHER) == from_outside(walled, 443, OTHER) == "silent"
        assert from_outside(walled, 25, OTHER) == from_outside(walled, 22, OTHER) == "open"
        assert from_outside(walled, 80, THIRD) == "open"
        standing.sendall(b"are you there?")
        unanswered = walled.host.run("ss", "-Htn", "state", "established", f"dst {OTHER}").stdout
        assert unanswered.split()[0] == "0"  # nothing waits to be read: it never came
    flush(walled, "banned_web4")
    assert from_outside(walled, 80, OTHER) == "open"


def test_of_ipv6_it_is_the_network_of_one_client(walled: Place) -> None:
    ban(walled, "banned_smtp6", f"{VISITOR6}/64 timeout 1h")
    assert [from_outside(walled, 25, one) for one in (VISITOR6, NEIGHBOUR6, OTHER6)] == [
        "silent",
        "silent",
        "open",
    ]
    assert from_outside(walled, 443, VISITOR6) == "open"
    flush(walled, "banned_smtp6")


def test_it_ends_by_itself(walled: Place) -> None:
    ban(walled, "banned_ssh4", f"{OTHER} timeout 2s")
    assert from_outside(walled, 22, OTHER) == "silent"
    walled.host.wait_until(lambda: from_outside(walled, 22, OTHER) == "open", "the end of it")


@pytest.mark.parametrize(
    ("source", "beside", "other"), [(OTHER, OTHER, THIRD), (VISITOR6, NEIGHBOUR6, OTHER6)]
)
def test_one_client_has_so_many_connections_and_others_go_on(
    walled: Place, source: str, beside: str, other: str
) -> None:
    visitor = walled.visitor6 if ":" in source else walled.visitor
    with ExitStack() as stack:
        for _ in range(512):
            stack.enter_context(visitor.connect(80, source))
        assert from_outside(walled, 80, beside) == "refused"
        assert from_outside(walled, 80, other) == "open"
        assert from_outside(walled, 25, beside) == "open"
    walled.host.wait_until(lambda: from_outside(walled, 80, beside) == "open", "room again")


def test_what_a_server_needs_beyond_it_is_a_file(walled: Place) -> None:
    added = f"add element inet tempmail own4 {{ {VISITOR} }}\nadd element inet tempmail peers4 {{ {OTHER} }}\n"
    added += f"add element inet tempmail webhooks6 {{ {VISITOR6}/128 }}\n"
    walled.host.write("/etc/nftables.d/own.nft", added)
    walled.host.run("nft", "-f", "/etc/tempmail/tempmail.nft")
    assert from_inside(walled, "tempmail-worker", VISITOR, 25) == "open"
    assert from_inside(walled, "tempmail-worker", OTHER, 5432) == "open"
    assert from_inside(walled, "tempmail-tasks", VISITOR6, 80) == "open"
    assert from_inside(walled, "tempmail-worker", THIRD, 5432) == "refused"
