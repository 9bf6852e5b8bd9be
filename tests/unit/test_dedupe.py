"""Which deliveries are tries of the same one."""

from mailboxes.rules import dedupe
from tests import messages

KEY, MAILBOX = b"k" * 32, b"m" * 16


def digest(raw: bytes, mailbox: bytes = MAILBOX) -> bytes:
    return dedupe.digest(dedupe.canonical(raw), mailbox, KEY)


def test_line_ends_and_return_path_do_not_matter() -> None:
    crlf = messages.PLAIN.replace(b"\n", b"\r\n")
    assert digest(messages.PLAIN) == digest(crlf)
    assert digest(messages.PLAIN) == digest(b"Return-Path: <a@b.example>\n" + messages.PLAIN)


def test_a_requeue_is_the_same_delivery() -> None:
    line = b"Received: by mx.tempmail.test (Postfix, from userid 101)\n\tid 4abc; Fri, 20 Nov 2026 10:05:00 +0000\n"
    assert digest(messages.PLAIN) == digest(line + messages.PLAIN)
    assert digest(messages.PLAIN) == digest(b"Return-Path: <x>\n" + line + line + messages.PLAIN)


def test_a_second_send_of_the_same_text_is_another_delivery() -> None:
    assert digest(messages.plain(received="one")) != digest(messages.plain(received="two"))


def test_each_mailbox_has_its_own_digest() -> None:
    assert digest(messages.PLAIN) != digest(messages.PLAIN, b"n" * 16)


def test_a_userid_line_further_down_is_part_of_the_message() -> None:
    forged = messages.PLAIN + b"\nReceived: by x (Postfix, from userid 0)\n"
    assert digest(forged) != digest(messages.PLAIN)
