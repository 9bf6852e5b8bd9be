"""What the SMTP tests do to a running stack: make and change mailboxes, talk raw bytes, count what was stored."""

import json
import smtplib
import socket
import time
from collections.abc import Callable
from typing import Any

from deploy.local.stack import Stack

DEADLINE_SECONDS = 60
SENDER = "sender@example.org"


def shell(stack: Stack, code: str) -> Any:
    """Run code in the site's own Python; it prints one line of JSON, which is returned."""
    return json.loads(stack.manage("shell", "--no-imports", "-c", f"import json\n{code}"))


def new_address(stack: Stack, changes: str = "") -> str:
    """Return the address of a new mailbox, after a queryset update() with these arguments."""
    update = f"Mailbox.objects.filter(pk=made.mailbox.pk).update({changes})" if changes else ""
    address: str = shell(
        stack,
        "from datetime import timedelta\n"
        "from django.db.models.functions import Now\n"
        "from mailboxes.models.mailboxes import Mailbox\n"
        "from mailboxes.services import creation\n"
        f"made = creation.create()\n{update}\nprint(json.dumps(made.address))",
    )
    return address


def stored(stack: Stack) -> int:
    """Return how many messages all mailboxes hold."""
    count: int = shell(
        stack,
        "from mailboxes.models.messages import Message\nprint(json.dumps(Message.objects.count()))",
    )
    return count


def queued(stack: Stack) -> int:
    """Return how many messages Postfix still has."""
    return len(stack.postfix.run("postqueue", "-j").splitlines())


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait for something that will happen; fail when it does not."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.1)


def answer_to(stack: Stack, recipient: str, sender: str = SENDER) -> tuple[int, str]:
    """Return code and text of the answer to RCPT."""
    with smtplib.SMTP("127.0.0.1", stack.smtp_port, timeout=30) as client:
        client.ehlo("client.example.org")
        client.mail(sender)
        code, text = client.rcpt(recipient)
    return code, text.decode()


class RawClient:
    """Sends exactly the bytes it is given; nothing is escaped or ended for it."""

    def __init__(self, stack: Stack) -> None:
        self.socket = socket.create_connection(("127.0.0.1", stack.smtp_port), timeout=30)
        self.lines = self.socket.makefile("rb")
        self.reply()

    def reply(self) -> bytes:
        """Return the last line of the next reply; b'' when the server has hung up."""
        while line := self.lines.readline():
            if line[3:4] != b"-":
                return line
        return b""

    def command(self, line: str) -> bytes:
        """Send a line and return the reply to it."""
        self.socket.sendall(line.encode() + b"\r\n")
        return self.reply()

    def close(self) -> None:
        """Hang up."""
        self.lines.close()
        self.socket.close()
