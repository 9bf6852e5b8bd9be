"""The delivery socket's loop: what it holds is bounded, and there is always progress."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from delivery import protocol
from delivery.connections import Connection, ScriptConnection
from delivery.delivery_server import Callbacks, DeliveryServer, Limits
from delivery.listeners import Address, bind
from delivery.protocol import Request


class Service:
    """The loop in a thread, with a handler that notes what it got."""

    def __init__(self, path: Path, limits: Limits, receive_seconds: float) -> None:
        self.path, self.delivered, self.unread = path, list[Request](), threading.Event()
        self.delivering, self.may_deliver = threading.Event(), threading.Event()
        self.may_deliver.set()
        self._listener = bind(Address("delivery", path))
        self._wakeup, self._wake = socket.socketpair()
        self._wakeup.setblocking(False)
        self._ended = threading.Event()
        callbacks = Callbacks(self._deliver, lambda: True, self.unread.set)

        def connect(client: socket.socket, listener: socket.socket) -> Connection:
            deadline = time.monotonic() + receive_seconds
            return ScriptConnection(client, listener, deadline, max_body=100_000)

        self._server = DeliveryServer({self._listener: connect}, limits, callbacks)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        self._server.run(self._wakeup, self._ended.is_set, lambda: None)

    def _deliver(self, requests: Sequence[Request]) -> Iterator[bytes]:
        self.delivering.set()
        assert self.may_deliver.wait(60)
        for request in requests:
            self.delivered.append(request)
            yield protocol.STORED

    def stop(self) -> None:
        self._ended.set()
        self._wake.sendall(b"x")

    def close(self) -> None:
        self.stop()
        self._thread.join(60)
        assert not self._thread.is_alive()
        for one in (self._listener, self._wakeup, self._wake):
            one.close()

    def connect(self) -> socket.socket:
        client = socket.socket(socket.AF_UNIX)
        client.settimeout(60)
        client.connect(str(self.path))
        return client


@contextlib.contextmanager
def running(receive_seconds: float = 60.0, **limits: float) -> Iterator[Service]:
    with TemporaryDirectory(prefix="tm") as directory:
        values = Limits(**{"drain_seconds": 60.0} | limits)  # type: ignore[arg-type]
        service = Service(Path(directory) / "s", values, receive_seconds)
        try:
            yield service
        finally:
            service.close()


def message(body: bytes = b"hello") -> bytes:
    return protocol.encode(Request("4cQ", len(body), "", ("a@x.test",), body))


def exchange(service: Service, data: bytes) -> bytes:
    with service.connect() as client:
        client.sendall(data)
        return client.recv(100)


def test_a_message_in_single_bytes_is_one_message() -> None:
    with running() as service, service.connect() as client:
        for byte in message():
            client.sendall(bytes([byte]))
        assert client.recv(100) == protocol.STORED
        assert [r.body for r in service.delivered] == [b"hello"]


def test_a_message_without_its_last_byte_is_never_delivered() -> None:
    with running() as service:
        with service.connect() as client:
            client.sendall(message()[:-1])
        assert exchange(service, message(b"other")) == protocol.STORED
        assert [r.body for r in service.delivered] == [b"other"]


@pytest.mark.parametrize("data", [message(b"x" * 100_001), message()[:-1] + b"!", b"?" * 64])
def test_what_is_no_request_or_too_big_is_deferred(data: bytes) -> None:
    with running() as service:
        with service.connect() as client:
            with contextlib.suppress(OSError):
                client.sendall(data)
            assert client.recv(100) == protocol.LATER
        assert service.delivered == []


def test_beyond_its_connections_others_wait_and_are_served_then() -> None:
    with running(connections=2) as service, service.connect() as third:
        with service.connect() as first, service.connect() as second:
            first.sendall(message()[:5])
            second.sendall(message()[:5])
            third.sendall(message())
        assert third.recv(100) == protocol.STORED


def test_beyond_its_memory_one_message_still_goes_on() -> None:
    bodies = [bytes([n]) * 90_000 for n in range(5)]
    with running(buffered=50_000) as service, contextlib.ExitStack() as stack:
        clients = [stack.enter_context(service.connect()) for _ in bodies]
        for client, body in zip(clients, bodies, strict=True):
            client.sendall(message(body)[:60_000])
        senders = [
            threading.Thread(target=client.sendall, args=(message(body)[60_000:],))
            for client, body in zip(clients, bodies, strict=True)
        ]
        for sender in senders:
            sender.start()
        assert [client.recv(100) for client in clients] == [protocol.STORED] * 5
        for sender in senders:
            sender.join()
        assert sorted(r.body for r in service.delivered) == bodies


def test_a_request_that_takes_too_long_is_deferred() -> None:
    with running(receive_seconds=0.0) as service, service.connect() as client:
        with contextlib.suppress(
            BrokenPipeError
        ):  # it may have been answered before it sent anything
            client.sendall(message()[:5])
        assert client.recv(100) == protocol.LATER


def test_a_script_that_gave_up_before_its_turn_is_not_delivered_for() -> None:
    with running() as service, service.connect() as first:
        service.may_deliver.clear()
        first.sendall(message())
        assert service.delivering.wait(60)
        with service.connect() as second:
            second.sendall(message(b"given up"))
        service.may_deliver.set()
        assert first.recv(100) == protocol.STORED
        assert service.unread.wait(60)
        assert [r.body for r in service.delivered] == [b"hello"]


def test_a_stop_waits_for_what_has_begun_to_arrive() -> None:
    with running() as service, service.connect() as client:
        client.sendall(message()[:5])
        assert exchange(service, protocol.PING) == protocol.PONG
        service.stop()
        client.sendall(message()[5:])
        assert client.recv(100) == protocol.STORED
