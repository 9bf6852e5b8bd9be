"""The framing between script and worker, and the question after its health."""

import socket
import threading
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delivery import protocol
from delivery.protocol import ProtocolError, Request

MAX_BODY = 1000


def request(**changes: object) -> Request:
    values: dict[str, object] = {
        "queue_id": "4cQ",
        "size": 7,
        "sender": "s@x.test",
        "recipients": ("a@x.test", "b@x.test"),
        "body": b"a\0\nb.",
    }
    return Request(**(values | changes))  # type: ignore[arg-type]


def decoded(data: bytes) -> Request:
    frame = protocol.read_frame(data, MAX_BODY)
    assert frame
    return protocol.decode(data, frame)


def test_a_request_comes_out_as_it_went_in() -> None:
    assert decoded(protocol.encode(request())) == request()


@given(st.text(st.characters(exclude_characters="\0", codec="utf-8")), st.binary(max_size=MAX_BODY))
def test_any_sender_and_any_body_come_out_as_they_went_in(sender: str, body: bytes) -> None:
    one = request(sender=sender, body=body)
    assert decoded(protocol.encode(one)) == one


def test_bytes_that_are_no_utf_8_survive() -> None:
    one = request(sender=b"\xff\x80@x.test".decode("utf-8", "surrogateescape"))
    assert decoded(protocol.encode(one)) == one


def test_nothing_but_the_whole_is_a_request() -> None:
    data = protocol.encode(request())
    frame = protocol.read_frame(data, MAX_BODY)
    assert frame
    for end in range(len(data)):
        with pytest.raises(ProtocolError):
            protocol.decode(data[:end], frame)


def test_half_a_greeting_is_no_frame_yet() -> None:
    assert protocol.read_frame(b"DELIVER1 12", MAX_BODY) is None


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\n",
        b"DELIVER1 1\n",
        b"DELIVER1 1 -1\n",
        b"DELIVER1 1 1 1\n",
        b"DELIVER1 \xb2 1\n",
        b"DELIVER2 1 1\n",
        b"DELIVER1 1 1001\n",
        b"DELIVER1 262145 1\n",
        b"DELIVER1 1 " + b"9" * 50 + b"\n",
        b"x" * 64,
    ],
)
def test_an_unknown_greeting_or_one_beyond_the_limits_is_refused(data: bytes) -> None:
    with pytest.raises(ProtocolError):
        protocol.read_frame(data, MAX_BODY)


@pytest.mark.parametrize("head", [b"", b"4cQ", b"4cQ\x001", b"4cQ\x001\0sender"])
def test_a_head_without_a_recipient_is_refused(head: bytes) -> None:
    with pytest.raises(ProtocolError):
        decoded(b"DELIVER1 %d 1\n%bx." % (len(head), head))


@pytest.mark.parametrize("size", [b"", b"x", b"-1", "²".encode(), b"9" * 40])
def test_a_strange_size_counts_as_unknown(size: bytes) -> None:
    head = b"4cQ\0%b\0s\0r" % size
    assert decoded(b"DELIVER1 %d 1\n%bx." % (len(head), head)).size == 0


def answering(path: Path, line: bytes) -> None:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen(1)

    def serve() -> None:
        client, _ = listener.accept()
        with client, listener:
            if client.recv(64) == protocol.PING:
                client.sendall(line)

    threading.Thread(target=serve, daemon=True).start()


@pytest.mark.parametrize(("line", "well"), [(protocol.PONG, True), (protocol.LATER, False)])
def test_a_ping_is_answered_by_pong_alone(line: bytes, well: bool) -> None:
    with TemporaryDirectory(prefix="tm") as directory:
        answering(Path(directory) / "s", line)
        assert protocol.ping(Path(directory) / "s", 30) is well


def test_a_ping_to_nobody_is_false(tmp_path: Path) -> None:
    assert protocol.ping(tmp_path / "nothing", 1) is False
    assert protocol.ping("/" + "x" * 200, 1) is False


def test_a_ping_that_nobody_answers_ends_with_its_time() -> None:
    with TemporaryDirectory(prefix="tm") as directory, socket.socket(socket.AF_UNIX) as silent:
        silent.bind(f"{directory}/s")
        silent.listen(1)
        assert protocol.ping(f"{directory}/s", 0.05) is False
