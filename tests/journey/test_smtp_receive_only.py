"""Nothing is relayed, nothing is told to strangers, nothing leaves."""

import smtplib
import ssl

import pytest

from deploy.local.stack import Stack
from tests.journey import probe

RELAY_ATTEMPTS = (
    "somebody@example.net",
    '"somebody@example.net"@tempmail.test',
    "somebody%example.net@tempmail.test",
    "example.net!somebody@tempmail.test",
    "@tempmail.test:somebody@example.net",
    "somebody@[127.0.0.1]",
    "somebody@localhost",
    "somebody",
    "root",
)


@pytest.mark.parametrize("recipient", RELAY_ATTEMPTS)
def test_no_way_of_writing_a_foreign_address_is_accepted(stack: Stack, recipient: str) -> None:
    assert probe.answer_to(stack, f"<{recipient}>")[0] >= 500


def test_a_sender_of_our_own_domain_may_not_relay_either(stack: Stack) -> None:
    answer = probe.answer_to(stack, "somebody@example.net", "postmaster@tempmail.test")
    assert answer[0] == 554


@pytest.mark.parametrize("command", ["VRFY postmaster", "EXPN postmaster", "ETRN tempmail.test"])
def test_questions_of_strangers_are_refused(stack: Stack, command: str) -> None:
    client = probe.RawClient(stack)
    client.command("EHLO client.example.org")
    assert client.command(command)[:1] == b"5"
    client.close()


def test_only_what_a_receiving_host_needs_is_offered(stack: Stack) -> None:
    with smtplib.SMTP("127.0.0.1", stack.smtp_port, timeout=30) as client:
        client.ehlo("client.example.org")
        offered = {name.upper() for name in client.esmtp_features}
    assert offered == {
        "PIPELINING",
        "SIZE",
        "STARTTLS",
        "ENHANCEDSTATUSCODES",
        "8BITMIME",
        "SMTPUTF8",
    }


def test_encryption_is_offered_and_is_of_this_time(stack: Stack) -> None:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # between mail hosts it is opportunistic (RFC 3207)
    with smtplib.SMTP("127.0.0.1", stack.smtp_port, timeout=30) as client:
        assert client.starttls(context=context)[0] == 220
        assert isinstance(client.sock, ssl.SSLSocket)
        assert client.sock.version() in {"TLSv1.2", "TLSv1.3"}


def test_mail_for_a_stranger_that_is_in_the_queue_all_the_same_ends_here(stack: Stack) -> None:
    before = probe.stored(stack)
    stranger = "stranger@example.net"
    complaint = stack.postfix.run(
        "sendmail", "-i", "-f", stranger, stranger, text="Subject: out?\n\nNo.\n"
    )
    assert complaint == ""
    probe.wait_until(lambda: f"to=<{stranger}>" in stack.postfix.log_file.read_text())
    probe.wait_until(lambda: probe.queued(stack) == 0)
    lines = [
        line
        for line in stack.postfix.log_file.read_text().splitlines()
        if f"to=<{stranger}>" in line
    ]
    assert all("relay=tempmail" in line for line in lines)
    assert probe.stored(stack) == before
