"""The delivery worker: answers on each of its sockets, with all of its processes."""

import contextlib
import socket
import struct
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

from delivery import policy, protocol
from tempmail_site.doctor import looking
from tempmail_site.doctor.findings import CannotLook, Finding, check, fault, ok, warning

_TIMEOUT = 2.0  # seconds, as /healthz
_START = (
    "Start it: systemctl start tempmail-worker, or manage.py run_delivery. Mail waits meanwhile."
)
# Asks about no recipient: such a question is neither counted nor does it reach the database.
_QUESTION = b"request=smtpd_access_policy\nprotocol_state=CONNECT\n\n"


@check(
    "worker.delivery",
    "Postfix hands mail to this socket; what cannot be stored waits in the queue.",
)
def delivery() -> Iterator[Finding]:
    """The worker's own health question, which includes its database."""
    if settings.SMTP == "elsewhere":
        raise CannotLook("SMTP=elsewhere: mail comes in on other hosts")
    path: Path = settings.DELIVERY_SOCKET
    if protocol.ping(path, _TIMEOUT):
        yield ok("takes mail, and reaches its database")
    elif connected := _connects(path):
        words = f"something listens at {path}, but cannot store: {connected}"
        yield fault(words, "Its database is away, or it hangs: see worker.log, and start it again.")
    else:
        yield fault(f"nobody listens at {path}: all mail is deferred", _START)


@check("worker.policy", "smtpd(8) asks here for each recipient; without an answer it says 451.")
def policy_service() -> Iterator[Finding]:
    """A question that counts nothing."""
    looking.need_postfix()
    answer = _ask(settings.POLICY_SOCKET, _QUESTION)
    if answer == policy.answer(policy.DUNNO):
        yield ok("answers recipient questions")
    elif answer is None:
        yield fault(f"no answer from {settings.POLICY_SOCKET}: each RCPT gets 451", _START)
    else:
        yield fault("it answers something else than asked for", "Start the worker again.")


@check("worker.lmtp", "DELIVERY_TRANSPORT=lmtp hands mail to this socket.")
def lmtp() -> Iterator[Finding]:
    """Its greeting, and that it understands LHLO (RFC 2033)."""
    looking.need_postfix()
    is_used = settings.DELIVERY_TRANSPORT == "lmtp"
    say = fault if is_used else warning
    answer = _ask(settings.LMTP_SOCKET, b"LHLO doctor.invalid\r\nQUIT\r\n")
    if answer is None or not answer.startswith(b"220 "):
        words = f"no greeting at {settings.LMTP_SOCKET}"
        yield say(words, _START)
    else:
        yield ok("greets" + ("" if is_used else "; mail comes by the pipe"))


@check(
    "worker.processes", "Fewer processes take less mail; one that dies again and again takes none."
)
def processes() -> Iterator[Finding]:
    """By the process that made the socket: the supervisor, or systemd that holds it for it."""
    looking.need_postfix()
    supervisor = listener(settings.DELIVERY_SOCKET)
    if supervisor is None:
        yield fault("the worker does not run", _START)
        return
    if "run_delivery" not in looking.command(supervisor):
        raise CannotLook("the socket was made by another program, which holds it for the worker")
    wanted, found = max(1, settings.DELIVERY_PROCESSES), len(looking.children(supervisor))
    if found < wanted:
        words = f"{found} of {wanted} processes live (DELIVERY_PROCESSES)"
        yield warning(words, "See worker.log for why they ended; SIGHUP takes new settings.")
    else:
        yield ok(f"{found} processes")


def _connects(path: Path) -> str:
    try:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(_TIMEOUT)
            client.connect(str(path))
    except PermissionError:
        raise CannotLook(f"this user may not connect to {path}") from None
    except OSError:
        return ""
    return "it takes connections"


def _ask(path: Path, question: bytes) -> bytes | None:
    """Return what came first as an answer; None where nobody answers. Raises CannotLook."""
    try:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(_TIMEOUT)
            client.connect(str(path))
            client.sendall(question)
            return client.recv(4096) or None
    except PermissionError:
        raise CannotLook(f"this user may not connect to {path}") from None
    except OSError:
        return None


def listener(path: Path) -> int | None:
    """Return the process that called listen(2) (unix(7), SO_PEERCRED); None where nobody listens."""
    credentials = struct.Struct("3i")
    with (
        contextlib.suppress(FileNotFoundError, ConnectionRefusedError),
        socket.socket(socket.AF_UNIX) as client,
    ):
        client.settimeout(_TIMEOUT)
        try:
            client.connect(str(path))
        except PermissionError:
            raise CannotLook(f"this user may not connect to {path}") from None
        raw = client.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, credentials.size)
        return int(credentials.unpack(raw)[0])
    return None
