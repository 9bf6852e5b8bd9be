"""Certificates: of the mail server and of the site, as they are shown to the world."""

import contextlib
import smtplib
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings

from tempmail_site.doctor import certificate, installed, looking
from tempmail_site.doctor.checks import postfix_server
from tempmail_site.doctor.findings import CannotLook, Finding, check, fault, ok, warning

_TIMEOUT = 10.0  # seconds
_RENEW = "certbot renew, then reload what shows it."


@check("certificates.smtp", "Senders that insist on TLS (MTA-STS) do not deliver with a bad one.")
def smtp() -> Iterator[Finding]:
    """The one that STARTTLS shows: good by its dates, and the one in the file."""
    values = installed.values(installed.text("main.cf"))
    if values.get("smtpd_tls_security_level") != "may":
        raise CannotLook("Postfix has no certificate: postfix.offers says so")
    shown = _by_starttls(*postfix_server.first_listener())
    yield from certificate.dates(shown, _RENEW)
    if shown.subject == shown.issuer:
        words = "the certificate is signed by itself: senders with MTA-STS refuse it"
        yield warning(words, "Get one for SMTP_HOSTNAME, and render Postfix with it.")
    yield from _compared(shown, Path(values.get("smtpd_tls_chain_files", "")))


def _compared(shown: certificate.Certificate, file: Path) -> Iterator[Finding]:
    """After a renewal Postfix shows the old one until it is reloaded."""
    try:
        pem = file.read_text(errors="replace")
    except OSError:
        return  # it is root's
    begin = pem.find("-----BEGIN CERTIFICATE-----")
    if begin < 0:
        yield fault(
            f"there is no certificate in {file}", "Put key and certificates there, key first."
        )
    elif certificate.of_pem(pem[begin:]).digest != shown.digest:
        yield warning(f"Postfix shows another certificate than that in {file}", "postfix reload")
    if (mode := looking.mode(file)) is not None and mode & 0o077:
        yield fault(f"{file}, with the key in it, has mode {mode:04o}", f"chmod 600 {file}")


@check(
    "certificates.site", "Without a good one browsers warn before the site, or refuse it (HSTS)."
)
def site() -> Iterator[Finding]:
    """As a browser on this machine meets it."""
    if not settings.SECURE:
        raise CannotLook("the site is not on https")
    parts = urlsplit(settings.SITE_URL)
    host, port = parts.hostname or "", parts.port or 443
    try:
        with (
            _connected(host, port) as plain,
            certificate.unverified().wrap_socket(plain, server_hostname=host) as connection,
        ):
            shown = certificate.of_socket(connection)
        with _connected(host, port) as plain:
            refused = certificate.trust(host, plain)
    except OSError as error:
        words = f"{host} port {port} cannot be reached from here ({type(error).__name__})"
        yield warning(
            words, "Start nginx; or, where only the way from here is closed, look from outside."
        )
        return
    yield from certificate.dates(shown, _RENEW)
    if refused:
        yield fault(f"browsers refuse the certificate: {refused}", "Get one for this very name.")
    else:
        yield ok("browsers trust it")


def _by_starttls(host: str, port: int) -> certificate.Certificate:
    try:
        with smtplib.SMTP(host, port, "doctor.invalid", timeout=_TIMEOUT) as session:
            session.starttls(context=certificate.unverified())
            assert isinstance(session.sock, ssl.SSLSocket)  # noqa: S101 - for the type checker
            found = certificate.of_socket(session.sock)
            with contextlib.suppress(smtplib.SMTPException, OSError):
                session.ehlo_or_helo_if_needed()
            return found
    except (OSError, smtplib.SMTPException) as error:
        raise CannotLook(f"STARTTLS failed ({type(error).__name__}): see postfix.offers") from None


def _connected(host: str, port: int) -> socket.socket:
    return socket.create_connection((host, port), timeout=_TIMEOUT)
