"""A certificate, and whether it is good for a name now. Read by openssl(1)."""

import shutil
import socket
import ssl
import time
from collections.abc import Iterator
from dataclasses import dataclass

from tempmail_site.doctor import looking
from tempmail_site.doctor.findings import CannotLook, Finding, fault, ok, warning

_DAY = 86_400
_SOON, _VERY_SOON = 20 * _DAY, 5 * _DAY  # certbot renews 30 days before the end


@dataclass(frozen=True, slots=True)
class Certificate:
    """What openssl(1) says of one. Times are seconds since the epoch."""

    begins: float
    ends: float
    subject: str
    issuer: str
    digest: str


def of_pem(pem: str) -> Certificate:
    """Return the first certificate in a text. Raises CannotLook."""
    path = shutil.which("openssl", path=looking.PATH)
    if path is None:
        raise CannotLook("the program openssl is not installed")
    what = ["-startdate", "-enddate", "-subject", "-issuer", "-fingerprint", "-sha256"]
    done = looking.run_at(path, ["x509", "-noout", *what], pem)
    if done.status:
        raise CannotLook("openssl cannot read the certificate")
    found = dict(line.split("=", 1) for line in done.output.splitlines() if "=" in line)
    digest = next(value for name, value in found.items() if "ingerprint" in name)
    return Certificate(
        begins=float(ssl.cert_time_to_seconds(found["notBefore"])),
        ends=float(ssl.cert_time_to_seconds(found["notAfter"])),
        subject=found["subject"].strip(),
        issuer=found["issuer"].strip(),
        digest=digest,
    )


def of_socket(connection: ssl.SSLSocket) -> Certificate:
    """Return the one that a server showed. Raises CannotLook."""
    raw = connection.getpeercert(binary_form=True)
    if raw is None:
        raise CannotLook("the server showed no certificate")
    return of_pem(ssl.DER_cert_to_PEM_cert(raw))


def unverified() -> ssl.SSLContext:
    """Return a context that shakes hands with anybody: the certificate is looked at afterwards."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def dates(certificate: Certificate, remedy: str) -> Iterator[Finding]:
    """Yield what there is to say about when it is good."""
    now = time.time()
    end = time.strftime("%Y-%m-%d", time.gmtime(certificate.ends))
    if certificate.begins > now:
        yield fault("the certificate is not good yet", "Look at the clock, and at the certificate.")
    elif certificate.ends <= now:
        yield fault(f"the certificate ended on {end}", remedy)
    elif certificate.ends - now < _VERY_SOON:
        yield fault(f"the certificate ends on {end}, and was not renewed", remedy)
    elif certificate.ends - now < _SOON:
        yield warning(f"the certificate ends on {end}, and was not renewed", remedy)
    else:
        yield ok(f"the certificate is good until {end}")


def trust(host: str, connection: socket.socket) -> str:
    """Shake hands as a browser does; return why it would refuse, '' where it would not. Ends the connection."""
    try:
        with ssl.create_default_context().wrap_socket(connection, server_hostname=host):
            return ""
    except ssl.SSLCertVerificationError as error:
        return looking.one_line(error.verify_message)
    except (OSError, ValueError) as error:
        return type(error).__name__
