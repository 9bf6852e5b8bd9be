"""Slow clients and floods are cut off by Postfix's own limits, while an ordinary client is served."""

from collections.abc import Iterator

import pytest

from deploy.local.stack import Stack
from tests.isolation import flood
from tests.isolation.conftest import SIZE_LIMIT
from tests.isolation.flood import Client
from tests.journey.client import Inbox, new_inbox
from tests.journey.probe import wait_until

ATTACKER = "127.0.0.2"
CUT_OFF = (0, 421)


@pytest.fixture(scope="module")
def inbox(strict_stack: Stack) -> Inbox:
    return new_inbox(strict_stack)


@pytest.fixture(autouse=True)
def an_ordinary_client_is_served(strict_stack: Stack, inbox: Inbox) -> Iterator[None]:
    """Whatever a test has left behind, another client's mail comes."""
    yield
    ordinary(strict_stack, inbox)


@pytest.fixture
def changed(strict_stack: Stack) -> Iterator[object]:
    """Settings of main.cf for one test."""
    before = {}

    def change(**values: str) -> None:
        for name in values:
            before[name] = strict_stack.postfix.run("postconf", "-h", name).strip()
        flood.reload(strict_stack, **values)

    yield change
    flood.reload(strict_stack, **before)


def ordinary(stack: Stack, inbox: Inbox) -> None:
    count = len(inbox.api("GET", "emails/me?limit=100").data["items"])
    client = flood.greeted(stack)
    assert client.deliver(inbox.address) == 250
    client.close()
    inbox.api.wait_for(count + 1)


def test_the_connection_after_the_fiftieth_is_refused(strict_stack: Stack, inbox: Inbox) -> None:
    clients = [Client(strict_stack, ATTACKER) for _ in range(55)]
    greetings = [client.greeting for client in clients]
    assert greetings == [220] * 50 + [421] * 5
    ordinary(strict_stack, inbox)
    for client in clients:
        client.close()


def test_too_many_connections_in_a_minute_are_refused(strict_stack: Stack, changed) -> None:  # type: ignore[no-untyped-def]
    changed(smtpd_client_connection_rate_limit="10")

    def refused() -> bool:
        client = Client(strict_stack, "127.0.0.3")
        client.close()
        return client.greeting == 421

    wait_until(refused)


def test_a_client_that_guesses_addresses_is_cut_off(strict_stack: Stack, changed) -> None:  # type: ignore[no-untyped-def]
    changed(smtpd_error_sleep_time="0")
    client = flood.greeted(strict_stack, ATTACKER)
    client.command("MAIL FROM:<s@example.org>")
    codes = [client.command(f"RCPT TO:<guess{n}@tempmail.test>") for n in range(25)]
    assert codes[:19] == [550] * 19
    assert codes[-1] in CUT_OFF
    client.close()


def test_too_many_recipients_in_a_minute_are_refused(
    strict_stack: Stack,
    inbox: Inbox,
    changed,  # type: ignore[no-untyped-def]
) -> None:
    changed(smtpd_client_recipient_rate_limit="10")

    def refused() -> bool:
        client = flood.greeted(strict_stack, "127.0.0.4")
        client.command("MAIL FROM:<s@example.org>")
        code = client.command(f"RCPT TO:<{inbox.address}>")
        client.close()
        return code == 450

    wait_until(refused)


def test_commands_that_do_nothing_end_the_session(strict_stack: Stack, changed) -> None:  # type: ignore[no-untyped-def]
    changed(smtpd_error_sleep_time="0")
    client = flood.greeted(strict_stack, ATTACKER)
    codes = [client.command("NOOP") for _ in range(130)]
    assert codes[:100] == [250] * 100
    assert codes[-1] in CUT_OFF
    client.close()


@pytest.mark.parametrize("place", ["command", "message"])
def test_a_client_that_sends_a_byte_a_second_is_cut_off(
    strict_stack: Stack,
    inbox: Inbox,
    changed,  # type: ignore[no-untyped-def]
    place: str,
) -> None:
    changed(smtpd_timeout="4s")
    client = flood.greeted(strict_stack, ATTACKER)
    if place == "message":
        client.command("MAIL FROM:<s@example.org>")
        client.command(f"RCPT TO:<{inbox.address}>")
        assert client.command("DATA") == 354
    ordinary(strict_stack, inbox)
    assert flood.drip(client, b"x", 40)
    client.close()


def test_a_message_over_the_limit_is_refused(strict_stack: Stack, inbox: Inbox) -> None:
    client = flood.greeted(strict_stack, ATTACKER)
    assert client.command(f"MAIL FROM:<s@example.org> SIZE={SIZE_LIMIT + 1}") == 552
    body = b"Subject: x\r\n\r\n" + b"x" * 70 + b"\r\n"
    assert client.deliver(inbox.address, body + b"y" * SIZE_LIMIT + b"\r\n.\r\n") == 552
    assert client.deliver(inbox.address) == 250
    client.close()


def test_headers_without_end_are_refused_at_the_limit(strict_stack: Stack, inbox: Inbox) -> None:
    client = flood.greeted(strict_stack, ATTACKER)
    headers = b"X-Endless: and on and on\r\n" * (2 * SIZE_LIMIT // 26)
    assert client.deliver(inbox.address, headers + b"\r\n.\r\n") == 552
    client.close()
