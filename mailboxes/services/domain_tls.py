"""STARTTLS of our mail server and the dates of its certificate, asked at SMTP_HOST: no other host is."""

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from cryptography import x509
from django.conf import settings

from mailboxes.rules.domain_findings import Check, Finding, Level
from mailboxes.services import clock

_SECONDS = 3.0  # for each answer
_SOON = timedelta(days=14)


class _NotOffered(Exception):
    """The server knows no STARTTLS."""


def check(host: str) -> Finding:
    """Judge the certificate that our mail server shows, under the name of an MX host."""
    try:
        certificate, is_trusted, fits = _shown(host)
    except _NotOffered:
        return Finding(Check.TLS, Level.WARNING, "not-offered")
    except (OSError, smtplib.SMTPException):
        return Finding(Check.TLS, Level.UNKNOWN, "no-answer")
    except ValueError:
        return Finding(Check.TLS, Level.WARNING, "unreadable")
    return _judge(certificate, is_trusted, fits)


def _judge(certificate: x509.Certificate, is_trusted: bool, fits: bool) -> Finding:
    begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    seen = f"{begins:%Y-%m-%d} to {ends:%Y-%m-%d}, {', '.join(_names(certificate))}"
    now = clock.now().astimezone(UTC)
    code = _fault(now, begins, ends, fits)
    if code:
        return Finding(Check.TLS, Level.WARNING, code, seen)
    if not is_trusted:
        return Finding(Check.TLS, Level.ADVICE, "untrusted", seen)
    return Finding(Check.TLS, Level.OK, "valid", seen)


def _fault(now: datetime, begins: datetime, ends: datetime, fits: bool) -> str:
    if ends <= now:
        return "expired"
    if begins > now:
        return "not-yet"
    if ends - now < _SOON:
        return "soon"
    return "" if fits else "other-name"


def _shown(host: str) -> tuple[x509.Certificate, bool, bool]:
    """Return the certificate, whether it is trusted as senders trust one, and whether it is for this name."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with _connected(context, host) as connection:
        der = connection.getpeercert(binary_form=True)
    if not der:
        raise ValueError
    certificate = x509.load_der_x509_certificate(der)
    try:
        with _connected(ssl.create_default_context(), host):
            is_trusted = True
    except ssl.SSLCertVerificationError:
        is_trusted = False
    return certificate, is_trusted, _fits(certificate, host)


@contextmanager
def _connected(context: ssl.SSLContext, host: str) -> Iterator[ssl.SSLSocket]:
    client = smtplib.SMTP(local_hostname="localhost", timeout=_SECONDS)
    try:
        if client.connect(settings.SMTP_HOST, settings.SMTP_PORT)[0] != 220:
            raise smtplib.SMTPException
        client.ehlo()
        if not client.has_extn("starttls"):
            raise _NotOffered
        if client.docmd("STARTTLS")[0] != 220:
            raise _NotOffered
        assert client.sock is not None  # noqa: S101 - it has just answered
        with context.wrap_socket(client.sock, server_hostname=host) as connection:
            yield connection
    finally:
        client.close()


def _names(certificate: x509.Certificate) -> list[str]:
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return []
    return found.value.get_values_for_type(x509.DNSName)[:10]


def _fits(certificate: x509.Certificate, host: str) -> bool:
    """Compare as RFC 6125 6.4 does: a wildcard stands for the first label alone."""
    above = "*." + host.partition(".")[2]
    return any(name.lower() in (host, above) for name in _names(certificate))
