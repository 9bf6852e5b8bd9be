"""A visitor's and a developer's view of a running instance: HTTP and SMTP, nothing else."""

import http.client
import json
import smtplib
import time
import urllib.parse
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any

from deploy.local.stack import Stack

DEADLINE = 60.0


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def data(self) -> Any:
        return json.loads(self.body)

    @property
    def text(self) -> str:
        return self.body.decode()


def http_request(
    stack: Stack, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None
) -> Answer:
    """Send one request to the site."""
    connection = http.client.HTTPConnection("127.0.0.1", stack.http_port, timeout=DEADLINE)
    try:
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        names = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, names, response.read())
    finally:
        connection.close()


class Api:
    """Calls the API of an instance with one bearer token."""

    def __init__(self, stack: Stack, token: str) -> None:
        self.stack, self.token = stack, token

    def __call__(self, method: str, path: str, body: object = None) -> Answer:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        data = b"" if body is None else json.dumps(body).encode()
        return http_request(self.stack, method, f"/api/{path}", data, headers)

    def wait_for(self, count: int) -> list[dict[str, Any]]:
        """Wait until the mailbox holds this many messages; return them, newest first."""
        deadline = time.monotonic() + DEADLINE
        while True:
            items: list[dict[str, Any]] = self("GET", "emails/me?limit=100").data["items"]
            if len(items) >= count:
                return items
            assert time.monotonic() < deadline, f"{len(items)} of {count} messages came"
            time.sleep(0.1)


@dataclass
class Inbox:
    """A mailbox made through the API."""

    address: str
    token: str
    api: Api
    url: str


_keys: dict[str, str] = {}


def api_key(stack: Stack) -> str:
    """Return an API key of the tests' own."""
    key = _keys.get(str(stack.data_dir)) or stack.manage("create_api_key", "tests").strip()
    return _keys.setdefault(str(stack.data_dir), key)


def new_inbox(stack: Stack) -> Inbox:
    """Create a mailbox with an API key of the tests' own."""
    answer = Api(stack, api_key(stack))("POST", "generate", {})
    assert answer.status == 201, answer.text
    made = answer.data
    path = urllib.parse.urlsplit(made["inbox_url"]).path
    return Inbox(made["address"], made["token"], Api(stack, made["token"]), path)


def send(
    stack: Stack, message: EmailMessage | bytes, *recipients: str, sender: str = "alice@example.org"
) -> None:
    """Send a message through Postfix."""
    with smtplib.SMTP("127.0.0.1", stack.smtp_port, timeout=DEADLINE) as client:
        data = message if isinstance(message, bytes) else message.as_bytes()
        client.sendmail(sender, recipients, data)


def message(subject: str, body: str = "Hello.") -> EmailMessage:
    """Return a plain message."""
    made = EmailMessage()
    made["From"], made["Subject"] = "Alice Example <alice@example.org>", subject
    made.set_content(body)
    return made
