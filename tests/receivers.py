"""Receivers of webhooks on loopback that behave as a test wants them to, well or badly."""

import base64
import contextlib
import hashlib
import hmac
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

Behaviour = Callable[[socket.socket], None]
OK = b"HTTP/1.1 204 No Content\r\n\r\n"


def answering(answer: bytes = OK) -> Behaviour:
    """Answer each request with these bytes."""
    return lambda connection: connection.sendall(answer)


@dataclass
class Receiver:
    """What came in: `connections` counts them, `requests` has the bytes of each that sent any."""

    host: str
    port: int
    connections: int = 0
    requests: list[bytes] = field(default_factory=list)
    names: list[str | None] = field(default_factory=list)  # of TLS (RFC 6066 3)

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}/hook?a=b"

    def fields(self, number: int = -1) -> dict[str, str]:
        """The fields of one request, by name in lower case."""
        head, _, _ = self.requests[number].decode().partition("\r\n\r\n")
        pairs = [line.split(": ", 1) for line in head.split("\r\n")[1:]]
        return {name.lower(): value for name, value in pairs}

    def body(self, number: int = -1) -> bytes:
        return self.requests[number].partition(b"\r\n\r\n")[2]


@contextlib.contextmanager
def receiver(
    behave: Behaviour | None = None,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    certificate: Path | None = None,
) -> Iterator[Receiver]:
    """Listen on loopback; with a certificate by TLS. Ends when the block does."""
    with socket.create_server((host, port)) as listener:
        listener.settimeout(0.1)
        made = Receiver(host, listener.getsockname()[1])
        over = threading.Event()
        arguments = (listener, made, behave or answering(), _context(made, certificate), over)
        thread = threading.Thread(target=_listen, args=arguments)
        thread.start()
        try:
            yield made
        finally:
            over.set()
            thread.join()


def is_signed(secret: str, fields: dict[str, str], body: bytes) -> bool:
    """Check a signature as Standard Webhooks has it, by nothing of ours."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = b".".join((fields["webhook-id"].encode(), fields["webhook-timestamp"].encode(), body))
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return fields["webhook-signature"] == f"v1,{expected}"


def make_certificate(directory: Path, *names: str) -> Path:
    """Return a new self-signed certificate with its key for these names (`DNS:...`, `IP:...`)."""
    path = directory / "certificate.pem"
    words = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=x -addext"
    command = [*words.split(), f"subjectAltName={','.join(names)}", "-keyout", path, "-out", path]
    key = directory / "key.pem"
    command[-3] = key
    subprocess.run(command, check=True, capture_output=True)
    path.write_bytes(path.read_bytes() + key.read_bytes())
    return path


def _context(made: Receiver, certificate: Path | None) -> ssl.SSLContext | None:
    if certificate is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    context.sni_callback = lambda connection, name, context: made.names.append(name)
    return context


def _listen(
    listener: socket.socket,
    made: Receiver,
    behave: Behaviour,
    context: ssl.SSLContext | None,
    over: threading.Event,
) -> None:
    threads = []
    while not over.is_set():
        with contextlib.suppress(TimeoutError):
            connection, _ = listener.accept()
            made.connections += 1
            one = threading.Thread(target=_serve, args=(connection, made, behave, context))
            threads.append(one)
            one.start()
    for one in threads:
        one.join()


def _serve(
    connection: socket.socket, made: Receiver, behave: Behaviour, context: ssl.SSLContext | None
) -> None:
    with connection, contextlib.suppress(OSError):
        connection.settimeout(10)
        if context:
            with context.wrap_socket(connection, server_side=True) as encrypted:
                _receive(encrypted, made)
                behave(encrypted)
            return
        _receive(connection, made)
        behave(connection)


def _receive(connection: socket.socket, made: Receiver) -> None:
    """Read one request, which says how long it is, or has no body."""
    got = b""
    while b"\r\n\r\n" not in got:
        if not (more := connection.recv(4096)):
            return
        got += more
    head, _, body = got.partition(b"\r\n\r\n")
    lines = head.lower().split(b"\r\n")
    length = next((int(line[15:]) for line in lines if line[:15] == b"content-length:"), 0)
    while len(body) < length:
        body += connection.recv(4096)
    made.requests.append(head + b"\r\n\r\n" + body)
