"""A small milter: it adds one header to every message. Speaks Sendmail's milter protocol, version 6."""

import contextlib
import socketserver
import struct
import threading
from collections.abc import Iterator

ADD_HEADERS = 0x01
# No connect, helo, mail, rcpt, body, headers, end of headers, unknown, data: only the end of the message is asked for.
SKIPPED = 0x01 | 0x02 | 0x04 | 0x08 | 0x10 | 0x20 | 0x40 | 0x100 | 0x200


class Handler(socketserver.StreamRequestHandler):
    """One connection of Postfix: several messages."""

    server: "Milter"

    def handle(self) -> None:
        """Answer until Postfix goes."""
        while head := self.rfile.read(5):
            length, command = struct.unpack("!Ic", head)
            self.rfile.read(length - 1)
            if command == b"O":
                self.say(b"O" + struct.pack("!III", 6, ADD_HEADERS, SKIPPED))
            elif command == b"E":
                self.say(b"i" + struct.pack("!I", 0) + b"Authentication-Results\0" + self.value())
                self.say(b"c")
            elif command == b"Q":
                return

    def value(self) -> bytes:
        """The header's value as it is at the moment."""
        self.server.asked += 1
        return self.server.value.encode() + b"\0"

    def say(self, packet: bytes) -> None:
        """Send one packet."""
        self.wfile.write(struct.pack("!I", len(packet)) + packet)


class Milter(socketserver.ThreadingTCPServer):
    """Listens on loopback; `value` is what it writes."""

    allow_reuse_address = True
    daemon_threads = True
    value = ""
    asked = 0

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Answer for a while; then the port is closed."""
        thread = threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            self.shutdown()
            self.server_close()
            thread.join()


def create(port: int) -> Milter:
    """Return a milter that is bound to a port."""
    return Milter(("127.0.0.1", port), Handler)
