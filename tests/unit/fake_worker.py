"""A worker's socket whose answers a test decides."""

import contextlib
import socket
import threading
from collections.abc import Callable
from pathlib import Path

from delivery import protocol
from delivery.protocol import Frame, Request

MAX_BODY = 1 << 30


class FakeWorker:
    """Takes connections one after the other; notes what arrived, answers as told."""

    def __init__(self, path: Path, answer: Callable[[socket.socket], object]) -> None:
        self.path, self._answer = path, answer
        self.received: list[bytes] = []
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen(8)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            with client, contextlib.suppress(OSError):
                self.received.append(read_all(client))
                self._answer(client)

    def request(self) -> Request:
        """The one complete request that arrived."""
        (data,) = self.received
        frame = protocol.read_frame(data, MAX_BODY)
        assert isinstance(frame, Frame)
        return protocol.decode(data, frame)

    def close(self) -> None:
        """No more connections."""
        self._listener.shutdown(socket.SHUT_RDWR)  # wakes the thread in accept(2)
        self._thread.join()
        self._listener.close()


def read_all(client: socket.socket) -> bytes:
    """Everything up to a complete request, or to the end of what comes."""
    data = bytearray()
    while piece := client.recv(1 << 16):
        data += piece
        frame = protocol.read_frame(data, MAX_BODY)
        if frame and len(data) == frame.total:
            break
    return bytes(data)


def stored(client: socket.socket) -> None:
    """Answers that it is stored."""
    client.sendall(protocol.STORED)
