"""The policy service's loop: many connections, one thread, bounded input."""

import contextlib
import socket
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from delivery import policy_server
from delivery.listeners import Address, bind
from delivery.policy_server import PolicyServer

QUESTION = b"request=smtpd_access_policy\nprotocol_state=RCPT\nrecipient=%b\n\n"


def judge(attributes: Mapping[str, str]) -> str:
    return "DUNNO" if attributes["recipient"] == "a@x.test" else "550 5.1.1 No such mailbox"


@pytest.fixture
def service() -> Iterator[Path]:
    with TemporaryDirectory(prefix="tm") as directory:
        path = Path(directory) / "policy.sock"
        listener = bind(Address("policy", path))
        server = PolicyServer(listener, judge)
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        yield path
        server.stop()
        thread.join(30)
        assert not thread.is_alive()
        listener.close()


def connect(path: Path) -> socket.socket:
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(30)
    client.connect(str(path))
    return client


def ask(client: socket.socket, recipient: bytes) -> bytes:
    client.sendall(QUESTION % recipient)
    return client.recv(1000)


def test_one_connection_asks_many_times(service: Path) -> None:
    with connect(service) as client:
        for _ in range(3):
            assert ask(client, b"a@x.test") == b"action=DUNNO\n\n"
            assert ask(client, b"b@x.test") == b"action=550 5.1.1 No such mailbox\n\n"


def test_a_hundred_connections_are_served_side_by_side(service: Path) -> None:
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(connect(service)) for _ in range(100)]
        for client in [*clients, *reversed(clients)]:
            assert ask(client, b"a@x.test") == b"action=DUNNO\n\n"


def test_a_question_in_pieces_and_two_at_once_are_answered(service: Path) -> None:
    with connect(service) as slow, connect(service) as other:
        data = QUESTION % b"a@x.test" * 2
        slow.sendall(data[:20])
        assert ask(other, b"a@x.test") == b"action=DUNNO\n\n"
        slow.sendall(data[20:])
        received = b""
        while len(received) < 2 * len(b"action=DUNNO\n\n"):
            received += slow.recv(1000)
        assert received == b"action=DUNNO\n\n" * 2


@pytest.mark.parametrize("junk", [b"\n\n", b"GET / HTTP/1.1\r\n\n\n", b"a=" + b"x" * 100_000])
def test_junk_ends_its_own_connection_only(service: Path, junk: bytes) -> None:
    with connect(service) as hostile, connect(service) as honest:
        with contextlib.suppress(OSError):
            hostile.sendall(junk)
            assert hostile.recv(1000) == b""
        assert ask(honest, b"a@x.test") == b"action=DUNNO\n\n"


def test_beyond_its_cap_a_connection_waits_until_another_ends(
    monkeypatch: pytest.MonkeyPatch, service: Path
) -> None:
    monkeypatch.setattr(policy_server, "MAX_CONNECTIONS", 1)
    with connect(service) as second:
        with connect(service) as first:
            first.sendall(QUESTION % b"a@x.test")
            second.sendall(QUESTION % b"a@x.test")
        assert second.recv(1000) == b"action=DUNNO\n\n"
