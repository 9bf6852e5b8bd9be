"""Postfix as a sender meets it: greets, under our name, with the size that we set and with STARTTLS."""

import contextlib
import smtplib
from collections.abc import Iterator

from django.conf import settings

from tempmail_site.doctor import installed
from tempmail_site.doctor.findings import CannotLook, Finding, check, fault, ok, warning

TIMEOUT = 10.0  # seconds
_START = "Start it: systemctl start postfix, or make run. Its log says why it ended."


@check("postfix.running", "Mail comes in through these addresses.")
def running() -> Iterator[Finding]:
    """Each smtpd(8) that is configured greets."""
    addresses = installed.listeners(installed.text("master.cf"))
    if not addresses:
        yield fault("master.cf lets smtpd listen nowhere", "Render it again, with --set listen=...")
    for host, port in addresses:
        with _session(host, port) as session:
            if session is None:
                yield fault(f"nobody greets at {host} port {port}", _START)
            else:
                yield ok(f"greets at {host} port {port}")


@check("postfix.offers", "What is announced after EHLO is what senders go by.")
def offers() -> Iterator[Finding]:
    """As the running Postfix says it: that one may be older than its files."""
    with _session(*first_listener()) as session:
        if session is None:
            raise CannotLook("Postfix does not greet")
        found = session.esmtp_features
        name = (
            session.ehlo_resp.split(b"\n")[0].decode("ascii", "replace")
            if session.ehlo_resp
            else ""
        )
    values = installed.values(installed.text("main.cf"))
    reload = "postfix reload; if that does not help, render its files again."
    wrong = []
    if found.get("size") != str(settings.MESSAGE_SIZE_LIMIT):
        size = found.get("size", "none")
        wrong.append(f"it takes {size} bytes, MESSAGE_SIZE_LIMIT is {settings.MESSAGE_SIZE_LIMIT}")
    if name != values.get("myhostname"):
        wrong.append(f"it greets as {name}, main.cf says {values.get('myhostname')}")
    if {"auth", "etrn", "chunking", "dsn"} & set(found):
        wrong.append("it offers what a receive-only host has no use for")
    if values.get("smtpd_tls_security_level") == "may" and "starttls" not in found:
        wrong.append("it does not offer STARTTLS, though it has a certificate")
    for words in wrong:
        yield fault(words, reload)
    if values.get("smtpd_tls_security_level") != "may":
        words = "no certificate: mail comes in unencrypted"
        yield warning(words, "Render it with --set tls_chain_file=PATH (PEM, key first).")
    if not wrong:
        yield ok(f"{name}, up to {found['size']} bytes")


def first_listener() -> tuple[str, int]:
    """Return where Postfix listens. Raises CannotLook where it is nowhere."""
    addresses = installed.listeners(installed.text("master.cf"))
    if not addresses:
        raise CannotLook("master.cf lets smtpd listen nowhere")
    return addresses[0]


@contextlib.contextmanager
def _session(host: str, port: int) -> Iterator[smtplib.SMTP | None]:
    """A session after EHLO; None where nobody greets."""
    session = None
    with contextlib.suppress(OSError, smtplib.SMTPException):
        session = smtplib.SMTP(host, port, "doctor.invalid", timeout=TIMEOUT)
        session.ehlo()
    try:
        yield session
    finally:
        if session:
            with contextlib.suppress(OSError, smtplib.SMTPException):
                session.quit()
