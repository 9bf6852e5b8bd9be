"""Free ports, and waiting for what listens on them."""

import http.client
import socket
from pathlib import Path

LOOPBACK = "127.0.0.1"
EVERYWHERE = "0.0.0.0"  # noqa: S104 - only where it is asked for
LOOPBACK_NETWORKS = ("127.0.0.0/8", "[::1]/128")


def is_free(port: int, address: str = LOOPBACK) -> bool:
    """Return whether a server could listen on this port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError:
            return False
    return True


def free() -> int:
    """Return a port that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        number: int = probe.getsockname()[1]
    return number


def greets(port: int) -> bool:
    """Return whether an SMTP server greets there (RFC 5321 4.2: 220)."""
    try:
        with socket.create_connection((LOOPBACK, port), timeout=5) as client:
            return client.recv(512).startswith(b"220")
    except OSError:
        return False


def answers_http(port: int, path: str) -> bool:
    """Return whether GET `path` is answered 200 there."""
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def answers_redis(path: Path) -> bool:
    """Return whether a Redis answers PING on this unix socket."""
    try:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(2)
            client.connect(str(path))
            client.sendall(b"PING\r\n")
            return client.recv(64).startswith(b"+PONG")
    except OSError:
        return False
