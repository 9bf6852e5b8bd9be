"""What the canary says to our own mail server, as any sender would: over SMTP, and within a time."""

import smtplib
import time
from email import policy
from email.message import EmailMessage

from django.conf import settings

_SENDER = ""  # the null reverse-path (RFC 5321 4.5.5): nobody is to be told of anything
_GREETING = "localhost"


class Refused(Exception):
    """The server is not there, too slow, or did not accept. Says nothing more: an answer holds the address."""


def send(message: EmailMessage, recipient: str, deadline: float) -> float:
    """Send a message and return the time.monotonic() of the 250 after it; raise Refused."""
    try:
        with _Conversation(deadline) as said:
            said.expect(250, "mail", _SENDER)
            said.expect(250, "rcpt", recipient)
            said.expect(250, "data", message.as_bytes(policy=policy.SMTP))
            return time.monotonic()
    except (OSError, smtplib.SMTPException):
        raise Refused from None


def answer_to(recipient: str, deadline: float) -> int | None:
    """Return the code that RCPT is answered with; None when there is no answer in time."""
    try:
        with _Conversation(deadline) as said:
            said.expect(250, "mail", _SENDER)
            return said.code("rcpt", recipient)
    except (OSError, smtplib.SMTPException, Refused):
        return None


class _Conversation:
    """One connection. smtplib's time limit is for each read; here what is left until the deadline is set anew."""

    def __init__(self, deadline: float) -> None:
        self._deadline = deadline
        self._client = smtplib.SMTP(local_hostname=_GREETING, timeout=self._left())

    def __enter__(self) -> "_Conversation":
        try:
            if self._client.connect(settings.SMTP_HOST, settings.SMTP_PORT)[0] != 220:
                raise Refused
            self.expect(250, "ehlo")
        except BaseException:
            self._client.close()
            raise
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._client.close()

    def code(self, command: str, *arguments: str | bytes) -> int:
        """Say a command and return the code of the answer."""
        if self._client.sock is not None:
            self._client.sock.settimeout(self._left())
        answered: int = getattr(self._client, command)(*arguments)[0]
        return answered

    def expect(self, code: int, command: str, *arguments: str | bytes) -> None:
        """Say a command; raise Refused where the answer is another one."""
        if self.code(command, *arguments) != code:
            raise Refused

    def _left(self) -> float:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left
