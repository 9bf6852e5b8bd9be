"""A real worker that is spoken to as the script of pipe(8) speaks to it."""

import socket
from itertools import count

from delivery import protocol
from delivery.protocol import Request
from tests.journey.worker_stack import DEADLINE, WorkerStack

SENDER = "sender@example.org"
_numbers = count(1)


class Worker(WorkerStack):
    """Takes deliveries over its socket, whatever their bytes are."""

    def hand_over(self, address: str, raw: bytes, queue_id: str = "") -> bytes:
        """Deliver once and return the answer; b'' when the worker died of it."""
        queue_id = queue_id or f"4Hostile{next(_numbers):08d}"
        request = Request(queue_id, len(raw), SENDER, (address,), traced(raw, queue_id))
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(DEADLINE)
            client.connect(str(self.socket))
            try:
                client.sendall(protocol.encode(request))
                return client.recv(64)
            except ConnectionError:
                return b""


def traced(raw: bytes, queue_id: str) -> bytes:
    """The message as smtpd(8) hands it on: with a Received line on top."""
    return b"Received: by mx.tempmail.test (Postfix) with ESMTP id %b\n%b" % (
        queue_id.encode(),
        raw,
    )
