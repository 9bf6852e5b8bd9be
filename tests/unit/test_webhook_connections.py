"""One POST to one address: whatever is at the other end, it takes no longer, reads no more and goes nowhere else."""

import time
from ipaddress import ip_address

import pytest

from mailboxes.rules.webhook_urls import Target
from mailboxes.services import webhook_connections
from mailboxes.services.webhook_connections import Unreachable
from tests.receivers import answering, make_certificate, receiver

SECONDS = 0.5
FIELDS = {"webhook-id": "an-id"}
BODY = b'{"a":1}'
LOOPBACK = ip_address("127.0.0.1")


def post(target: Target, *addresses, seconds: float = SECONDS) -> int:
    deadline = time.monotonic() + seconds
    with webhook_connections.connected(target, addresses or [LOOPBACK], deadline) as connection:
        return webhook_connections.exchange(connection, target, FIELDS, BODY, deadline)


def plain(port: int) -> Target:
    return Target("http", "receiver.example", port, "/hook?a=b")


def encrypted(port: int, host: str = "receiver.example") -> Target:
    return Target("https", host, port, "/hook")


def test_a_request_has_what_it_needs_and_no_more() -> None:
    with receiver() as one:
        assert post(plain(one.port), seconds=30) == 204
    assert one.requests[0].startswith(b"POST /hook?a=b HTTP/1.1\r\n")
    assert one.fields() == {
        "host": f"receiver.example:{one.port}",
        "content-type": "application/json",
        "content-length": "7",
        "connection": "close",
        "webhook-id": "an-id",
    }
    assert one.body() == BODY


def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    with receiver() as inner:
        head = f"HTTP/1.1 307 x\r\nLocation: {inner.url}\r\nContent-Length: 0\r\n\r\n".encode()
        with receiver(answering(head)) as one:
            assert post(plain(one.port), seconds=30) == 307
    assert inner.connections == 0


def drip(connection) -> None:  # type: ignore[no-untyped-def]
    """A byte now and then, each in time for itself, and in the end a good answer."""
    for byte in b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200 + b"\r\n\r\n":
        connection.sendall(bytes([byte]))
        time.sleep(0.05)


def interim(connection) -> None:  # type: ignore[no-untyped-def]
    for _ in range(100_000):
        connection.sendall(b"HTTP/1.1 103 Early Hints\r\n\r\n")


def without_end(connection) -> None:  # type: ignore[no-untyped-def]
    connection.sendall(b"HTTP/1.1 200 OK\r\nX: ")
    for _ in range(10_000):
        connection.sendall(b"x" * 10_000)


def silent(connection) -> None:  # type: ignore[no-untyped-def]
    while connection.recv(4096):
        pass


BAD = {
    "drips": drip,
    "never answers": silent,
    "only interim answers": interim,
    "a huge header": answering(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000 + b"\r\n\r\n"),
    "many headers": answering(b"HTTP/1.1 200 OK\r\n" + b"X: x\r\n" * 20_000 + b"\r\n"),
    "a header without end": without_end,
    "hangs up": lambda connection: None,
    "no HTTP": answering(b"SSH-2.0-OpenSSH_9.2\r\n"),
    "no status": answering(b"HTTP/1.1 abc\r\n\r\n"),
    "two lengths": answering(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"),
    "a switch of protocols": answering(b"HTTP/1.1 101 x\r\nUpgrade: websocket\r\n\r\n"),
}


@pytest.mark.parametrize("behave", BAD.values(), ids=BAD)
def test_a_receiver_that_misbehaves_is_left_in_time(behave) -> None:
    with receiver(behave) as one, pytest.raises(Unreachable):
        post(plain(one.port))


def test_an_endless_body_is_not_read() -> None:
    def endless(connection) -> None:  # type: ignore[no-untyped-def]
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(100_000):
            connection.sendall(b"3e8\r\n" + b"x" * 1000 + b"\r\n")

    with receiver(endless) as one:
        assert post(plain(one.port), seconds=30) == 200


def test_proxies_of_the_environment_are_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    with receiver() as proxy, receiver() as one:
        for name in ("http_proxy", "https_proxy", "all_proxy"):
            for spelled in (name, name.upper()):
                monkeypatch.setenv(spelled, f"http://127.0.0.1:{proxy.port}")
        assert post(plain(one.port), seconds=30) == 204
        with pytest.raises(Unreachable):
            post(encrypted(one.port))
    assert proxy.connections == 0


def test_the_next_address_is_tried_where_the_first_takes_no_connection() -> None:
    with receiver() as one:
        assert post(plain(one.port), ip_address("127.0.0.9"), LOOPBACK, seconds=30) == 204
    with pytest.raises(Unreachable):
        post(plain(one.port))


@pytest.fixture
def trusting(monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    """Trust this certificate as an operator would."""

    def trust(path) -> None:  # type: ignore[no-untyped-def]
        monkeypatch.setenv("SSL_CERT_FILE", str(path))
        webhook_connections._tls.cache_clear()

    yield trust
    webhook_connections._tls.cache_clear()


def test_the_name_is_verified_though_an_address_is_connected_to(tmp_path, trusting) -> None:
    certificate = make_certificate(tmp_path, "DNS:receiver.example", "IP:127.0.0.1")
    trusting(certificate)
    with receiver(certificate=certificate) as one:
        assert post(encrypted(one.port), seconds=30) == 204
        assert post(encrypted(one.port, "127.0.0.1"), seconds=30) == 204
        assert one.names == ["receiver.example", None]
        with pytest.raises(Unreachable):
            post(encrypted(one.port, "other.example"), seconds=30)
    assert len(one.requests) == 2


def test_nothing_is_sent_to_whom_no_authority_vouches_for(tmp_path, trusting) -> None:
    certificate = make_certificate(tmp_path, "DNS:receiver.example")
    with receiver(certificate=certificate) as one, pytest.raises(Unreachable):
        post(encrypted(one.port), seconds=30)
    assert one.requests == []


def test_a_handshake_that_hangs_is_left_in_time() -> None:
    with receiver(silent) as one:
        with pytest.raises(Unreachable):
            post(encrypted(one.port))
        assert one.requests == []
