"""Tries the installed service as others use it: a mail in through port 25, out through nginx and the API."""

import contextlib
import http.client
import json
import secrets
import smtplib
import socket
import ssl
from collections.abc import Callable, Iterator
from typing import Any

from deploy.server import commands, environment
from deploy.server.options import Options
from deploy.server.steps import Refused

HOST = "127.0.0.1"
SECONDS = 70.0  # a wait of the API may take 55
_KEY_NAME = "self-test"


def run(wanted: Options, say: Callable[[str], None]) -> None:
    """Say what was tried. Raises Refused at the first thing that fails."""
    try:
        _healthy(wanted)
        say("self-test: the site answers over https and is well")
        _relay_is_refused()
        say("self-test: a recipient elsewhere is refused")
        _mail_arrives(wanted)
        say("self-test: a mail came in through port 25 and out through the API")
    except (
        OSError,
        smtplib.SMTPException,
        http.client.HTTPException,
        KeyError,
        ValueError,
    ) as error:
        raise Refused(f"self-test: {type(error).__name__}: {error}") from error


def _healthy(wanted: Options) -> None:
    status, answer = _call(wanted, "GET", "/healthz")
    if status != 200 or answer.get("status") != "ok":
        raise Refused(f"self-test: /healthz says {status} {answer}")


def _relay_is_refused() -> None:
    with smtplib.SMTP(HOST, 25, "self-test.invalid", timeout=SECONDS) as session:
        session.ehlo()
        session.mail("self-test@example.org")
        code, words = session.rcpt("somebody@example.org")
    if code != 554:
        raise Refused(f"self-test: a recipient elsewhere was answered {code} {words!r}")


def _mail_arrives(wanted: Options) -> None:
    with _api_key() as key, _mailbox(wanted, key) as (address, token):
        subject = f"self-test {secrets.token_hex(8)}"
        text = f"From: self-test@example.org\r\nTo: {address}\r\nSubject: {subject}\r\n\r\nIt works.\r\n"
        with smtplib.SMTP(HOST, 25, "self-test.invalid", timeout=SECONDS) as session:
            session.starttls(context=unverified())
            session.sendmail("self-test@example.org", [address], text)
        status, found = _call(wanted, "GET", "/api/emails/me/latest?wait=55", token)
        if status != 200 or found.get("subject") != subject:
            raise Refused(f"self-test: the mail did not arrive: {status}")


@contextlib.contextmanager
def _api_key() -> Iterator[str]:
    """A key for this test alone."""
    name = f"{_KEY_NAME} {secrets.token_hex(4)}"
    key = environment.manage("create_api_key", name, "--per-day", "1").strip()
    try:
        yield key
    finally:
        with contextlib.suppress(commands.CommandFailed):
            environment.manage("revoke_api_key", name)


@contextlib.contextmanager
def _mailbox(wanted: Options, key: str) -> Iterator[tuple[str, str]]:
    status, made = _call(wanted, "POST", "/api/generate", key)
    if status != 201:
        raise Refused(f"self-test: no address was made: {status} {made.get('code')}")
    try:
        yield made["address"], made["token"]
    finally:
        _call(wanted, "DELETE", "/api/emails/me?close=true", made["token"])


def _call(wanted: Options, method: str, path: str, bearer: str = "") -> tuple[int, dict[str, Any]]:
    """One request to nginx on this host, under the site's name."""
    headers = {"Host": wanted.site_host, "Accept": "application/json"}
    if bearer:
        headers["Authorization"] = f"Bearer {bearer}"
    if method == "POST":
        headers["Content-Type"] = "application/json"
    with contextlib.closing(connected(HOST, wanted.site_host)) as session:
        session.request(method, path, body="{}" if method == "POST" else None, headers=headers)
        answer = session.getresponse()
        text = answer.read()
    found = json.loads(text) if text.startswith(b"{") else {}
    return answer.status, found


def connected(address: str, host: str) -> http.client.HTTPConnection:
    """Whose certificate it is does not matter here: this host asks itself, perhaps before there is a real one."""
    made = http.client.HTTPSConnection(address, 443, timeout=SECONDS)
    plain = socket.create_connection((address, 443), timeout=SECONDS)
    made.sock = unverified().wrap_socket(plain, server_hostname=host)
    return made


def unverified() -> ssl.SSLContext:
    """A context that takes any certificate."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
