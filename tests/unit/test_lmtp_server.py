"""LMTP on the worker's sockets: many clients, one answer for each recipient, bounds, an orderly end."""

import contextlib
import smtplib
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from delivery import lmtp, lmtp_connection, protocol
from delivery.connections import Connection, ScriptConnection
from delivery.delivery_server import Callbacks, DeliveryServer, Limits
from delivery.listeners import Address, bind
from delivery.lmtp_connection import LmtpConnection
from delivery.protocol import Request

BODY = 100_000
LIMITS = lmtp.Limits("mx.tempmail.test", BODY)
MAIL = b"MAIL FROM:<>\r\nRCPT TO:<a@x.test>\r\nDATA\r\n"


class Service:
    """The loop in a thread over both sockets; what contains LATER is not stored."""

    def __init__(self, directory: Path, limits: Limits) -> None:
        self.directory = directory
        self.batches = list[list[Request]]()
        self.unread = threading.Event()
        self._listeners = {n: bind(Address(n, directory / n)) for n in ("lmtp", "delivery")}
        self._wakeup, self._wake = socket.socketpair()
        self._wakeup.setblocking(False)
        self._ended = threading.Event()
        connects = {self._listeners["lmtp"]: lmtp_client, self._listeners["delivery"]: script}
        callbacks = Callbacks(self._deliver, lambda: True, self.unread.set)
        self._server = DeliveryServer(connects, limits, callbacks)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        self._server.run(self._wakeup, self._ended.is_set, lambda: None)

    def _deliver(self, requests: Sequence[Request]) -> Iterator[bytes]:
        self.batches.append(list(requests))
        for request in requests:
            if b"SLOW" in request.body:
                time.sleep(0.5)
            yield protocol.LATER if b"LATER" in request.body else protocol.STORED

    @property
    def bodies(self) -> list[bytes]:
        return [request.body for batch in self.batches for request in batch]

    def stop(self) -> None:
        self._ended.set()
        self._wake.sendall(b"x")

    def close(self) -> None:
        self.stop()
        self._thread.join(60)
        assert not self._thread.is_alive()
        for one in (*self._listeners.values(), self._wakeup, self._wake):
            one.close()

    def connect(self, name: str = "lmtp") -> "Client":
        return Client(self.directory / name)


class Client:
    """Sends bytes, reads lines."""

    def __init__(self, path: Path) -> None:
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(60)
        self.socket.connect(str(path))
        self._lines = self.socket.makefile("rb")

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self._lines.close()
        self.socket.close()

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def replies(self, count: int) -> list[int]:
        """Codes of the next replies; 0 for the end."""
        codes: list[int] = []
        while len(codes) < count:
            line = self._lines.readline()
            if line[3:4] != b"-":
                codes.append(int(line[:3] or b"0"))
        return codes

    def greet(self) -> None:
        self.send(b"LHLO client\r\n")
        assert self.replies(2) == [220, 250]


def lmtp_client(client: socket.socket, listener: socket.socket) -> Connection:
    return LmtpConnection(client, listener, LIMITS)


def script(client: socket.socket, listener: socket.socket) -> Connection:
    return ScriptConnection(client, listener, time.monotonic() + 60, BODY)


@contextlib.contextmanager
def running(**limits: float) -> Iterator[Service]:
    with TemporaryDirectory(prefix="tm") as directory:
        service = Service(Path(directory), Limits(**{"drain_seconds": 60.0} | limits))  # type: ignore[arg-type]
        try:
            yield service
        finally:
            service.close()


@pytest.fixture
def service() -> Iterator[Service]:
    with running() as made:
        yield made


def test_a_client_of_the_standard_library_is_served(service: Service) -> None:
    with smtplib.LMTP(str(service.directory / "lmtp")) as client:
        for number in range(3):
            client.sendmail("s@x.test", ["a@x.test"], f"Subject: {number}\n\n.dot\n")
    assert service.bodies == [b"Subject: %d\n\n.dot\n" % number for number in range(3)]
    assert service.batches[0][0].recipients == ("a@x.test",)


def test_a_failure_is_told_for_each_recipient_and_the_connection_goes_on(service: Service) -> None:
    with service.connect() as client:
        client.greet()
        for text, code in ((b"LATER", 451), (b"fine", 250)):
            client.send(b"MAIL FROM:<>\r\nRCPT TO:<a@x>\r\nRCPT TO:<b@x>\r\nDATA\r\n")
            assert client.replies(4) == [250, 250, 250, 354]
            client.send(text + b"\r\n.\r\n")
            assert client.replies(2) == [code] * 2


def test_two_whole_messages_and_a_goodbye_in_one_packet(service: Service) -> None:
    with service.connect() as client:
        client.send(b"LHLO c\r\n" + (MAIL + b"one\r\n.\r\n") * 2 + b"QUIT\r\n")
        assert client.replies(12) == [220, 250] + [250, 250, 354, 250] * 2 + [221, 0]
    assert service.bodies == [b"one\n", b"one\n"]


def test_a_big_message_comes_in_many_pieces(service: Service) -> None:
    body = (b"x" * 70 + b"\r\n") * 1300
    with service.connect() as client:
        client.greet()
        client.send(MAIL + body + b".\r\n")
        assert client.replies(4) == [250, 250, 354, 250]
    assert service.bodies == [body.replace(b"\r\n", b"\n")]


def test_both_sockets_reach_the_handler_together(service: Service) -> None:
    with service.connect() as slow, service.connect() as other, service.connect("delivery") as pipe:
        for client in (slow, other):
            client.greet()
        slow.send(MAIL + b"SLOW\r\n.\r\n")
        assert slow.replies(3) == [250, 250, 354]
        other.send(MAIL + b"b\r\n.\r\n")
        pipe.send(protocol.encode(Request("4cQ", 1, "", ("a@x.test",), b"c\n")))
        assert other.replies(4) == [250, 250, 354, 250]
        assert pipe.socket.recv(100) == protocol.STORED
    assert sorted(service.bodies) == [b"SLOW\n", b"b\n", b"c\n"]
    assert len(service.batches) <= 3


def test_a_message_without_its_end_is_never_stored(service: Service) -> None:
    with service.connect() as cut:
        cut.greet()
        cut.send(MAIL + b"half\r\n.\r")
        assert cut.replies(3) == [250, 250, 354]
    with service.connect() as other:
        other.greet()
        other.send(MAIL + b"whole\r\n.\r\n")
        assert other.replies(4) == [250, 250, 354, 250]
    assert service.bodies == [b"whole\n"]


def test_the_queue_id_is_found_for_the_log(service: Service) -> None:
    top = (
        b"Received: from c (c [192.0.2.1])\r\n\tby mx (Postfix) with ESMTPS id 4jW8S43YZQz6l8h\r\n"
    )
    requeued = b"Received: by mx (Postfix, from userid 0)\r\n\tid 4jW8S43YZQz6aaa; now\r\n"
    with service.connect() as client:
        client.greet()
        for head in (top, requeued + top, b"Subject: id 4jW8S43YZQz6bbb\r\n"):
            client.send(MAIL + head + b"\r\n.\r\n")
            assert client.replies(4) == [250, 250, 354, 250]
    ids = [request.queue_id for batch in service.batches for request in batch]
    assert ids == ["4jW8S43YZQz6l8h", "4jW8S43YZQz6aaa", "unknown"]


def test_beyond_its_connections_others_wait_but_the_pipe_does_not() -> None:
    with running(connections=2) as service, contextlib.ExitStack() as stack:
        with service.connect() as first, service.connect() as second:
            first.greet()
            second.greet()
            third = stack.enter_context(service.connect())
            with service.connect("delivery") as pipe:
                pipe.send(protocol.PING)
                assert pipe.socket.recv(100) == protocol.PONG
        third.greet()


def test_beyond_its_memory_one_message_still_goes_on() -> None:
    with running(buffered=50_000) as service, contextlib.ExitStack() as stack:
        idle = stack.enter_context(service.connect())
        idle.greet()
        clients = [stack.enter_context(service.connect()) for _ in range(4)]
        for client in clients:
            client.greet()
        for client in clients:
            client.send(MAIL + b"x" * 40_000)
        senders = [
            threading.Thread(target=client.send, args=(b"y" * 40_000 + b"\r\n.\r\n",))
            for client in clients
        ]
        for sender in senders:
            sender.start()
        assert [client.replies(4) for client in clients] == [[250, 250, 354, 250]] * 4
        for sender in senders:
            sender.join()


def test_an_idle_client_is_sent_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lmtp_connection, "IDLE_SECONDS", 0.0)
    with running() as service, service.connect() as client:
        assert client.replies(3) == [220, 421, 0]


def test_a_message_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lmtp_connection, "DATA_SECONDS", 0.0)
    with running() as service, service.connect() as client:
        client.greet()
        client.send(MAIL + b"half")
        assert client.replies(5) == [250, 250, 354, 421, 0]
    assert service.bodies == []


def test_a_client_that_was_gone_before_its_answer_is_noticed(service: Service) -> None:
    with service.connect() as client:
        client.greet()
        client.send(MAIL + b"SLOW\r\n.\r\n")
        assert client.replies(3) == [250, 250, 354]
    assert service.unread.wait(60)


@pytest.mark.parametrize("data", [b"", b"LHLO c\r\n", b"LHLO c\r\nMAIL FROM:<>\r\n"])
def test_a_client_that_went_without_an_answer_is_noticed(service: Service, data: bytes) -> None:
    with service.connect() as client:
        client.send(data)
    assert service.unread.wait(60)


def test_a_client_that_goes_between_messages_is_no_matter(service: Service) -> None:
    with service.connect() as closes, service.connect() as quits, service.connect() as last:
        for client in (closes, quits, last):
            client.greet()
        closes.send(MAIL + b"x\r\n.\r\n")
        assert closes.replies(4) == [250, 250, 354, 250]
        quits.send(b"QUIT\r\n")
        assert quits.replies(2) == [221, 0]
        closes.socket.shutdown(socket.SHUT_RDWR)
        for _ in range(3):
            last.send(b"NOOP\r\n")
            assert last.replies(1) == [250]
        assert not service.unread.is_set()


def test_a_client_that_reads_no_answers_is_dropped(service: Service) -> None:
    with service.connect() as deaf, service.connect() as client:
        with contextlib.suppress(OSError):
            for _ in range(200):
                deaf.send(b"NOOP\r\n" * 10_000)
        client.greet()


def test_a_stop_finishes_the_transaction_and_sends_idle_clients_away(service: Service) -> None:
    with service.connect() as busy, service.connect() as idle:
        idle.greet()
        busy.greet()
        busy.send(MAIL + b"begun\r\n")
        assert busy.replies(3) == [250, 250, 354]
        service.stop()
        assert idle.replies(2) == [421, 0]
        busy.send(b"and ended\r\n.\r\n" + MAIL)
        assert busy.replies(3) == [250, 421, 0]
    assert service.bodies == [b"begun\nand ended\n"]


def test_a_stop_does_not_wait_for_ever() -> None:
    with running(drain_seconds=0.0) as service, service.connect() as client:
        client.greet()
        client.send(MAIL + b"never ended\r\n")
        assert client.replies(3) == [250, 250, 354]
        service.stop()
        assert client.replies(2) == [421, 0]
