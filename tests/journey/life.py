"""A mailbox that is mailed and read in every way that there is, and what could be left of it afterwards."""

import contextlib
import http.client
import threading
import urllib.parse
import uuid
from collections.abc import Iterator

from deploy.local.stack import Stack
from tests.journey import client, remains

SUBJECT, BODY, SENDER = "Zanzibar-gone-subject", "quetzal-gone-body", "okapi-gone@example.org"
# Nobody listens there: what is to be told stays to be told.
HOOK = "http://127.0.0.1:9/ocelot-gone-hook"
TEXTS = (SUBJECT, BODY, SENDER, "ocelot-gone-hook")
CSRF = "a" * 32
FORM = "application/x-www-form-urlencoded"


class Life:
    """A mailbox that is mailed through Postfix and read, with everything that can be looked for afterwards."""

    def __init__(self, stack: Stack) -> None:
        self.stack, self.inbox = stack, client.new_inbox(stack)
        self.public_id = self.inbox.url.strip("/").split("/")[1]
        hook = self.inbox.api("POST", "webhooks/me", {"url": HOOK}).data
        self.webhook_id, self.webhook_secret = uuid.UUID(hook["id"]), hook["secret"]
        mail = client.message(SUBJECT, BODY * 2000)
        client.send(stack, mail, self.inbox.address, sender=SENDER)
        (item,) = self.inbox.api.wait_for(1)
        self.message_id = uuid.UUID(item["id"])
        row_id, self.stored = self._stored()
        self.is_row = f"id = {row_id}"

    def page(self, path: str = "", **form: str) -> client.Answer:
        """Ask for a page of the mailbox; post a form where there is one."""
        cookie = f"csrf={CSRF}; m-{self.public_id}={self.inbox.token}"
        headers = {"Cookie": cookie, "Content-Type": FORM}
        body = urllib.parse.urlencode({**form, "csrfmiddlewaretoken": CSRF}).encode()
        method, body = ("POST", body) if form else ("GET", b"")
        return client.http_request(self.stack, method, self.inbox.url + path, body, headers)

    def read(self) -> None:
        """Look at it in every way that there is."""
        assert BODY in self.inbox.api("GET", f"email/{self.message_id}").data["text"]
        assert SUBJECT in self.page().text
        assert SUBJECT in self.page("?q=zanzibar").text
        assert BODY in self.page(f"{self.message_id}/").text
        assert SUBJECT in self.page(f"{self.message_id}/source").text

    @property
    def secrets(self) -> list[str]:
        """What is never stored in clear."""
        local_part = self.inbox.address.partition("@")[0]
        secret = self.webhook_secret
        return [self.inbox.address, local_part, self.inbox.token, self.inbox.token[4:], secret]

    @property
    def traces(self) -> list[str | bytes | uuid.UUID]:
        """What its rows hold: ids, keys, and a piece out of each sealed value."""
        return [self.public_id, self.message_id, self.webhook_id, *self.stored]

    @property
    def digest(self) -> bytes:
        """The one thing that stays: by it the address is never given out again."""
        return self.stored[0]

    def _stored(self) -> tuple[int, list[bytes]]:
        columns = "id, address_digest, public_key, sealed_address"
        of_mailbox = f"public_id = '{self.public_id}'"
        pk, *values = self._row(columns, "mailbox", of_mailbox)
        text = str(self.message_id) if remains.is_postgresql(self.stack) else self.message_id.hex
        values += self._row("sealed_summary", "message", f"id = '{text}'")
        values += self._row("sealed", "messagesource", f"id = '{text}'")
        values += self._row("sealed", "webhook", f"mailbox_id = {pk}")
        assert isinstance(pk, int)
        return pk, [bytes(value)[:48] for value in values]  # type: ignore[call-overload]

    def _row(self, columns: str, table: str, condition: str) -> tuple[object, ...]:
        statement = f"SELECT {columns} FROM mailboxes_{table} WHERE {condition}"  # noqa: S608
        (row,) = remains.query(self.stack, statement)
        return row


@contextlib.contextmanager
def open_stream(life: Life) -> Iterator[list[str]]:
    """Hold the event stream of an open page; on leaving it has been read to its end."""
    connection = http.client.HTTPConnection("127.0.0.1", life.stack.http_port, timeout=60)
    told: list[str] = []
    try:
        cookie = f"m-{life.public_id}={life.inbox.token}"
        connection.request("GET", f"{life.inbox.url}events", headers={"Cookie": cookie})
        response = connection.getresponse()
        assert response.readline().startswith(b"retry:")
        yield told
        told.append(response.read().decode())
    finally:
        connection.close()


@contextlib.contextmanager
def waiting(life: Life) -> Iterator[list[client.Answer]]:
    """Hold a waiting call of the API; on leaving it has answered."""
    answers: list[client.Answer] = []
    path = f"emails/me?wait=55&after={life.message_id}"
    waiter = threading.Thread(target=lambda: answers.append(life.inbox.api("GET", path)))
    waiter.start()
    yield answers
    waiter.join()
