"""Clients of a real Postfix: some that no mail server is, and some that are large, unlucky or forge what is logged."""

import contextlib
import smtplib
import socket
from collections.abc import Callable, Iterator

from deploy.local import ports
from deploy.local.stack import Stack

# Who writes this into what is logged wants somebody else to be shut out.
FORGED = "x from evil[203.0.113.66]: GET / warning: non-SMTP command from evil[203.0.113.66]:"


@contextlib.contextmanager
def session(stack: Stack) -> Iterator[smtplib.SMTP]:
    """A session, however the server ends it."""
    with contextlib.suppress(smtplib.SMTPException, OSError):
        client = smtplib.SMTP(ports.LOOPBACK, stack.smtp_port, "client.test", timeout=30)
        with contextlib.suppress(smtplib.SMTPException, OSError):
            yield client
        client.close()


def say(stack: Stack, *lines: bytes) -> None:
    """Say lines, each after an answer came; read until the server ends it."""
    with socket.create_connection((ports.LOOPBACK, stack.smtp_port), 30) as sock:
        for line in lines:
            sock.recv(4096)
            sock.sendall(line)
        with contextlib.suppress(OSError):
            while sock.recv(4096):
                pass


def relay(stack: Stack) -> None:
    """Wants mail for elsewhere to be sent."""
    with session(stack) as client:
        client.ehlo()
        client.mail("a@example.org")
        client.rcpt("victim@elsewhere.test")


def errors(stack: Stack) -> None:
    """Says nonsense until it is cut off."""
    with session(stack) as client:
        client.ehlo()
        for _ in range(40):
            client.docmd("NONSENSE")


def pipelining(stack: Stack) -> None:
    """Does not wait for its turn."""
    say(stack, b"EHLO client.test\r\n", b"MAIL FROM:<a@example.org>\r\nDATA\r\nQUIT\r\n")


def web(stack: Stack) -> None:
    """Takes it for a web server."""
    say(stack, b"GET / HTTP/1.0\r\n")


def crowd(stack: Stack) -> None:
    """Comes with more connections at once than a client may have."""
    with contextlib.ExitStack() as open_ones:
        for _ in range(60):
            address = (ports.LOOPBACK, stack.smtp_port)
            sock = open_ones.enter_context(socket.create_connection(address, 30))
            sock.recv(100)


def guesses(stack: Stack) -> None:
    """Tries names until it is cut off."""
    for _ in range(4):
        with session(stack) as client:
            client.ehlo()
            client.mail("a@example.org")
            for number in range(9):
                client.rcpt(f"guess{number}@tempmail.test")


def signs_in(stack: Stack) -> None:
    """Tries a password where nobody has one."""
    with session(stack) as client:
        client.ehlo()
        client.docmd("AUTH", "LOGIN")
        client.quit()


def newsletter(stack: Stack) -> None:
    """Writes to addresses that have ended, until it is cut off."""
    with session(stack) as client:
        client.ehlo("]: non-SMTP command from evil[203.0.113.66]:")
        client.mail("news@example.org")
        for number in range(40):
            client.rcpt(f"ended{number}@tempmail.test")


def forger(stack: Stack) -> None:
    """Has names that were made to look like an offence of somebody else."""
    with session(stack) as client:
        client.docmd("HELO", FORGED)
        client.docmd("MAIL", f'FROM:<"{FORGED}"@example.org>')
        client.docmd("RCPT", f'TO:<"{FORGED}"@tempmail.test>')


# By what stands in the line.
OFFENCES: dict[str, Callable[[Stack], None]] = {
    "auth=0/1": signs_in,
    "too many errors after UNKNOWN": errors,
    "improper command pipelining": pipelining,
    "non-SMTP command from localhost[127.0.0.1]: GET": web,
}
OTHERS: dict[str, Callable[[Stack], None]] = {
    "Relay access denied": relay,
    "too many errors after RCPT": newsletter,
    "limit exceeded": crowd,
    "421 4.7.0": guesses,
    "203.0.113.66": forger,
}
