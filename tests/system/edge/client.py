"""Visitors: hosts of the test's network that speak HTTP to the server's address, from addresses of their own."""

import http.client
import json
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.system.edge.host import DEADLINE, SITE
from tests.system.network import Network


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer; header names are in lower case, a header that came twice has both values."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


class Client:
    """A host that asks a server; `source` is one of its addresses."""

    def __init__(self, network: Network, name: str, server: str, ca: Path, source: str) -> None:
        self.network, self.name, self.server, self.source = network, name, server, source
        self.trusted = ssl.create_default_context(cafile=str(ca))

    def connect(self, port: int, source: str = "") -> socket.socket:
        """Open a TCP connection."""
        with self.network.on(self.name):
            from_here = (source or self.source, 0)
            return socket.create_connection((self.server, port), DEADLINE, from_here)

    def secure(
        self, name: str = SITE, context: ssl.SSLContext | None = None, source: str = ""
    ) -> ssl.SSLSocket:
        """Open a TLS connection for this server name."""
        return (context or self.trusted).wrap_socket(
            self.connect(443, source), server_hostname=name
        )

    def ask(self, path: str, method: str = "GET", **how: Any) -> Answer:
        """Make one request, as `asking` does, and read its answer."""
        with self.asking(path, method, **how) as (answer, _):
            fields: dict[str, str] = {}
            for key, value in answer.getheaders():
                fields[key.lower()] = ", ".join(filter(None, [fields.get(key.lower()), value]))
            return Answer(answer.status, fields, answer.read())

    @contextmanager
    def asking(
        self,
        path: str,
        method: str = "GET",
        *,
        name: str = SITE,
        host: str = "",
        tls: bool = True,
        body: Any = None,
        headers: dict[str, str] | None = None,
        source: str = "",
    ) -> Iterator[tuple[http.client.HTTPResponse, socket.socket]]:
        """Make one request, and hand its answer over before its body is read.

        To the server `name`, with another Host where `host` says so.
        """
        connection = http.client.HTTPConnection(host or name)
        connection.sock = self.secure(name, source=source) if tls else self.connect(80, source)
        sock = connection.sock
        if isinstance(body, dict):
            body, headers = (
                json.dumps(body),
                {"Content-Type": "application/json", **(headers or {})},
            )
        try:
            connection.request(method, path, body=body, headers=headers or {})
            yield connection.getresponse(), sock
        finally:
            connection.close()

    def say(self, data: bytes, *, tls: bool = True, name: str = SITE, source: str = "") -> bytes:
        """Send these bytes, and return all that comes until the server closes."""
        with self.secure(name, source=source) if tls else self.connect(80, source) as sock:
            sock.sendall(data)
            return read_all(sock)


def read_all(sock: socket.socket) -> bytes:
    """Read until the end."""
    got = b""
    while True:
        try:
            part = sock.recv(65_536)
        except (ConnectionResetError, ssl.SSLEOFError):
            return got
        if not part:
            return got
        got += part


def read_until(sock: socket.socket, wanted: bytes, got: bytes = b"") -> bytes:
    """Read until these bytes have come."""
    deadline = time.monotonic() + DEADLINE
    while wanted not in got:
        assert time.monotonic() < deadline, got
        part = sock.recv(65_536)
        assert part, got
        got += part
    return got
