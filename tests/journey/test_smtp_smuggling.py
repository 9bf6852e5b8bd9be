"""A line ending that is not CRLF never ends a message (CVE-2023-51764): a raw client, which nothing exempts."""

import pytest

from deploy.local.stack import Stack
from tests.journey import probe

ENDINGS = {
    "LF dot LF": b"\n.\n",
    "LF dot CRLF": b"\n.\r\n",
    "CRLF dot LF": b"\r\n.\n",
    "CR dot CR": b"\r.\r",
    "CR dot LF": b"\r.\n",
    "LF dot CR": b"\n.\r",
    "CRLF dot CR": b"\r\n.\r",
    "CR dot CRLF": b"\r.\r\n",
    "CRCRLF dot CRCRLF": b"\r\r\n.\r\r\n",
    "NUL": b"\r\n\0.\r\n",
}


@pytest.mark.parametrize("ending", ENDINGS.values(), ids=ENDINGS.keys())
def test_a_wrong_ending_never_makes_two_messages(stack: Stack, ending: bytes) -> None:
    address = probe.new_address(stack)
    before = probe.stored(stack)
    client = probe.RawClient(stack)
    for command in (
        "EHLO client.example.org",
        f"MAIL FROM:<{probe.SENDER}>",
        f"RCPT TO:<{address}>",
        "DATA",
    ):
        assert client.command(command)[:1] in b"23"
    smuggled = f"MAIL FROM:<admin@example.org>\r\nRCPT TO:<{address}>\r\nDATA\r\nSubject: two\r\n\r\nsmuggled\r\n"
    client.socket.sendall(b"Subject: one\r\n\r\nfirst" + ending + smuggled.encode() + b".\r\n")
    client.reply()
    client.close()
    probe.wait_until(lambda: probe.queued(stack) == 0)
    assert probe.stored(stack) <= before + 1
