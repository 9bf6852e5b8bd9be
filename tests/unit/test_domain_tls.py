"""What the domain doctor says of STARTTLS and of the certificate, whatever the mail server shows."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailboxes.rules.domain_findings import Level
from mailboxes.services import domain_tls
from tests import certificates

HOST = "mx.host.net"
OFFER = b"250-mx\r\n250 STARTTLS\r\n"

pytestmark = pytest.mark.django_db


@contextlib.contextmanager
def mail_server(
    certificate: Path | None,
    greeting: bytes = b"220 mx\r\n",
    offer: bytes = OFFER,
    go: bytes = b"220 go\r\n",
) -> Iterator[int]:
    """Speak SMTP up to STARTTLS, on a port of its own."""
    over = threading.Event()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if certificate:
        context.load_cert_chain(certificate)

    def serve(listener: socket.socket) -> None:
        while not over.is_set():
            with contextlib.suppress(OSError):
                connection, _ = listener.accept()
                with connection, connection.makefile("rb") as lines:
                    connection.settimeout(5)
                    connection.sendall(greeting)
                    if not lines.readline():
                        continue
                    connection.sendall(offer)
                    if not lines.readline():
                        continue
                    connection.sendall(go)
                    with context.wrap_socket(connection, server_side=True) as encrypted:
                        encrypted.recv(1)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.01)
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            over.set()
            thread.join()


@pytest.mark.parametrize(
    ("names", "days", "is_trusted", "level", "code"),
    [
        ([HOST], {}, True, Level.OK, "valid"),
        (["*.host.net"], {}, True, Level.OK, "valid"),
        ([HOST], {}, False, Level.ADVICE, "untrusted"),
        (["mx.other.net"], {}, True, Level.WARNING, "other-name"),
        (["*.net"], {}, True, Level.WARNING, "other-name"),
        ([HOST], {"begins": -30, "ends": -1}, True, Level.WARNING, "expired"),
        ([HOST], {"begins": 1}, True, Level.WARNING, "not-yet"),
        ([HOST], {"ends": 10}, True, Level.WARNING, "soon"),
        ([], {}, True, Level.WARNING, "other-name"),
    ],
)
def test_names_dates_and_trust_are_judged(
    names, days, is_trusted, level, code, tmp_path, monkeypatch, settings
) -> None:
    path = certificates.make(tmp_path / "mx.pem", *names, **days)
    if is_trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(path))
    with mail_server(path) as settings.SMTP_PORT:
        found = domain_tls.check(HOST)
    assert (found.level, found.code) == (level, code)
    assert all(name in found.seen for name in names)


@pytest.mark.parametrize(
    ("answers", "level", "code"),
    [
        ({"offer": b"250 mx\r\n"}, Level.WARNING, "not-offered"),
        ({"go": b"454 not now\r\n"}, Level.WARNING, "not-offered"),
        ({"greeting": b"554 go away\r\n"}, Level.UNKNOWN, "no-answer"),
        ({"greeting": b"x" * 10_000 + b"\r\n"}, Level.UNKNOWN, "no-answer"),
        ({}, Level.UNKNOWN, "no-answer"),
    ],
)
def test_a_server_that_does_not_encrypt_is_told(answers, level, code, settings) -> None:
    with mail_server(None, **answers) as settings.SMTP_PORT:
        found = domain_tls.check(HOST)
    assert (found.level, found.code) == (level, code)


def test_nobody_there_is_not_known(settings) -> None:
    settings.SMTP_PORT = 1
    assert domain_tls.check(HOST).level == Level.UNKNOWN
