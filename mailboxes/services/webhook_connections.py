"""One POST over one new connection to an address that was judged: no redirect, no proxy, no retry, one deadline.

By h11 over a socket of ours: libraries that connect by themselves look names up again, read proxies from the
environment, and bound each read but not all of them (docs/decisions/0019).
"""

import contextlib
import socket
import ssl
import time
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from ipaddress import IPv6Address

import h11

from mailboxes.rules.networks import Address
from mailboxes.rules.webhook_urls import Target

_MOST_HEADER_BYTES = 16_384
_MOST_INTERIM = 8  # answers of 1xx before the one that counts


class Unreachable(Exception):
    """There was no answer that could be read, whatever the reason."""


@contextlib.contextmanager
def connected(
    target: Target, addresses: Iterable[Address], deadline: float
) -> Iterator[socket.socket]:
    """Yield a connection to the first of these addresses that takes one; with https the name was verified.

    Raises Unreachable.
    """
    with _first(target, addresses, deadline) as connection:
        yield connection


def exchange(
    connection: socket.socket,
    target: Target,
    fields: Mapping[str, str],
    body: bytes,
    deadline: float,
) -> int:
    """Send one request and return the status of its answer, the rest of which is not read. Raises Unreachable."""
    http = h11.Connection(h11.CLIENT, max_incomplete_event_size=_MOST_HEADER_BYTES)
    try:
        connection.settimeout(_left(deadline))
        connection.sendall(_request(http, target, fields, body))
        return _status(http, connection, deadline)
    except (OSError, h11.ProtocolError):
        raise Unreachable from None


def _first(target: Target, addresses: Iterable[Address], deadline: float) -> socket.socket:
    for address in addresses:
        try:
            return _connected(target, address, deadline)
        except (OSError, ValueError):
            continue
    raise Unreachable


def _connected(target: Target, address: Address, deadline: float) -> socket.socket:
    family = socket.AF_INET6 if isinstance(address, IPv6Address) else socket.AF_INET
    connection = socket.socket(family, socket.SOCK_STREAM)
    try:
        connection.settimeout(_left(deadline))
        connection.connect((str(address), target.port))
        if target.scheme == "http":
            return connection
        connection.settimeout(_left(deadline))  # for the whole handshake
        return _tls().wrap_socket(connection, server_hostname=target.host)
    except BaseException:
        connection.close()
        raise


def _request(http: h11.Connection, target: Target, fields: Mapping[str, str], body: bytes) -> bytes:
    headers = [
        ("Host", target.host_header),
        ("Content-Type", "application/json"),
        ("Content-Length", str(len(body))),
        ("Connection", "close"),
        *fields.items(),
    ]
    request = h11.Request(method="POST", target=target.path, headers=headers)
    events = (request, h11.Data(data=body), h11.EndOfMessage())
    return b"".join(http.send(event) or b"" for event in events)


def _status(http: h11.Connection, connection: socket.socket, deadline: float) -> int:
    interim = 0
    while interim < _MOST_INTERIM:
        event = http.next_event()
        if event is h11.NEED_DATA:
            connection.settimeout(_left(deadline))
            http.receive_data(connection.recv(4096))
        elif isinstance(event, h11.Response):
            return event.status_code
        else:
            interim += 1
    raise Unreachable


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


@lru_cache(maxsize=1)
def _tls() -> ssl.SSLContext:
    """The system's certificate authorities; OpenSSL's SSL_CERT_FILE and SSL_CERT_DIR name others."""
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    return context
