"""What operators block, freeze, end and pause, with a real Postfix and the commands that they type."""

import contextlib
import http.client
import shlex
import smtplib
from collections.abc import Iterator

from deploy.local.stack import Stack
from tests.journey import probe
from tests.journey.client import DEADLINE, Api, http_request, new_inbox

BLOCKED_CLIENT = "127.0.0.66"
AT_ONCE = 8  # connections, more than there are worker processes
EVASIONS = (
    '"a@example.org"@bad.example',
    "a@example.org@bad.example",
    "a@BAD.Example.",
    "a@b\u00fccher.bad.example",
    "a@bad\uff0eexample",
    "a" * 1000 + "@" + "b." * 100 + "bad.example",
)


def rcpt(stack: Stack, recipient: str, sender: str, source: str = "127.0.0.1") -> set[str]:
    """The different answers to RCPT on several connections that are open at the same time."""
    with contextlib.ExitStack() as open_clients:
        clients = [
            open_clients.enter_context(
                smtplib.SMTP(
                    "127.0.0.1", stack.smtp_port, timeout=DEADLINE, source_address=(source, 0)
                )
            )
            for _ in range(AT_ONCE)
        ]
        return {_answer(client, recipient, sender) for client in clients}


def _answer(client: smtplib.SMTP, recipient: str, sender: str) -> str:
    client.ehlo("client.example.org")
    client.command_encoding = "utf-8"
    client.docmd(f"MAIL FROM:<{sender}>" + ("" if sender.isascii() else " SMTPUTF8"))
    code, text = client.rcpt(recipient)
    return f"{code} {text.decode().replace(recipient, 'ADDRESS')[:5]}"


def type_in(stack: Stack, *commands: str) -> None:
    """Run commands of manage.py in one process: each start costs a second."""
    calls = "".join(
        f"call_command(*{shlex.split(command)}, stdout=io.StringIO())\n" for command in commands
    )
    imports = "import io\nfrom django.core.management import call_command\n"
    probe.shell(stack, f"{imports}{calls}print(0)")


def test_what_operators_change_counts_within_seconds_in_every_process(stack: Stack) -> None:
    address, key = probe.new_address(stack), stack.manage("create_api_key", "pausing").strip()

    def by_network() -> set[str]:
        return rcpt(stack, address, "a@example.org", BLOCKED_CLIENT)

    def by_sender() -> set[str]:
        return rcpt(stack, address, "Any.One@mail.BAD.example")

    def creation() -> tuple[int, str]:
        answer = Api(stack, key)("POST", "generate", {})
        return answer.status, answer.data.get("code", "")

    type_in(
        stack,
        f"block add network {BLOCKED_CLIENT}/32 --reason test",
        "block add domain bad.example --reason test",
        "pause_creation on --reason test",
    )
    try:
        probe.wait_until(lambda: by_network() == {"554 5.7.1"})
        probe.wait_until(lambda: by_sender() == {"550 5.7.1"})
        probe.wait_until(lambda: creation() == (503, "paused"))
        for sender in EVASIONS:
            assert (sender, *rcpt(stack, address, sender)) == (sender, "550 5.7.1")
        for sender in ("", "a@example.org"):
            assert rcpt(stack, address, sender) == {"250 2.1.5"}
    finally:
        type_in(
            stack,
            f"block remove network {BLOCKED_CLIENT}",
            "block remove domain bad.example",
            "pause_creation off",
        )
    probe.wait_until(lambda: by_network() == by_sender() == {"250 2.1.5"})
    probe.wait_until(lambda: creation() == (201, ""))


def test_a_frozen_mailbox_is_closed_to_senders_and_to_its_owner_until_it_is_given_back(
    stack: Stack,
) -> None:
    inbox = new_inbox(stack)
    unknown = probe.answer_to(stack, "nobody@tempmail.test")[1].replace("nobody", "NAME")
    with stream(stack, inbox.url, inbox.token) as lines:
        stack.manage("moderate", "freeze", inbox.address, "--reason", "test")
        assert "event: frozen" in lines
    code, text = probe.answer_to(stack, inbox.address)
    assert (code, text.replace(inbox.address.partition("@")[0], "NAME")) == (550, unknown)
    answer = inbox.api("GET", "emails/me")
    assert (answer.status, answer.data["code"]) == (403, "frozen")
    cookie = {"Cookie": f"m-{inbox.url.split('/')[2]}={inbox.token}"}
    page = http_request(stack, "GET", inbox.url, headers=cookie)
    assert (page.status, inbox.address in page.text) == (403, False)

    stack.manage("moderate", "unfreeze", inbox.address)
    assert probe.answer_to(stack, inbox.address)[0] == 250
    assert inbox.api("GET", "emails/me").status == 200
    stack.manage("moderate", "end", inbox.address, "--reason", "test")
    assert probe.answer_to(stack, inbox.address)[0] == 550
    assert inbox.api("GET", "emails/me").status == 401


@contextlib.contextmanager
def stream(stack: Stack, url: str, token: str) -> Iterator[Iterator[str]]:
    """The lines of the event stream of an inbox, once it has begun."""
    connection = http.client.HTTPConnection("127.0.0.1", stack.http_port, timeout=DEADLINE)
    with contextlib.closing(connection):
        connection.request(
            "GET", f"{url}events", headers={"Cookie": f"m-{url.split('/')[2]}={token}"}
        )
        response = connection.getresponse()
        assert response.readline().startswith(b"retry:")
        yield (line.decode().strip() for line in iter(response.readline, b""))
