"""The second transport: the same mail, by LMTP instead of one process per message."""

import contextlib
import re
import signal
import smtplib
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.mail_server import SCRIPT
from deploy.local.stack import Stack
from tests.journey import client, probe

TRICKY = (
    b"From: a@example.org\r\nSubject: tricky\r\n\r\n"
    b"..two dots\r\n..\r\n" + b"x" * 5000 + b"\r\n" + b"y" * 2047 + b"\r\r\n.\r\nbare\rCR\r\n"
    b"\xff\xfe and gr\xc3\xb6\xc3\x9fe\r\n \r\n\r\n"
)


def log_of(stack: Stack, address: str) -> str:
    """Postfix's lines about deliveries to an address."""
    lines = stack.postfix.log_file.read_text().splitlines()
    return "\n".join(line for line in lines if f"to=<{address}>" in line)


def source(inbox: client.Inbox) -> bytes:
    """The source of the only message, without what differs between two sends."""
    (item,) = inbox.api.wait_for(1)
    public_id = inbox.url.strip("/").split("/")[1]
    path = f"/m/{public_id}/{item['id']}/message.eml"
    cookie = {"Cookie": f"m-{public_id}={inbox.token}"}
    answer = client.http_request(inbox.api.stack, "GET", path, headers=cookie)
    assert answer.status == 200
    return re.sub(rb"\bid \w+|for <[^>]*>|[A-Z][a-z]{2}, \d[^\n]*", b"*", answer.body)


@contextlib.contextmanager
def transport(stack: Stack, name: str) -> Iterator[None]:
    """Deliver by another transport for a while."""
    before = stack.postfix.run("postconf", "-h", "virtual_transport").strip()
    switch(stack, name)
    try:
        yield
    finally:
        switch(stack, before)


def switch(stack: Stack, name: str) -> None:
    """Change the transport; return when no process is left that knows the old one."""
    old = deciding(stack)
    stack.postfix.reload(virtual_transport=name)
    probe.wait_until(lambda: not old & deciding(stack))


def deciding(stack: Stack) -> set[int]:
    """Process ids of those that decide where a message goes."""
    master = stack.postfix.child.pid
    children = Path(f"/proc/{master}/task/{master}/children").read_text().split()
    found = set()
    for pid in children:
        with contextlib.suppress(OSError):
            if Path(f"/proc/{pid}/comm").read_text().strip() in {"qmgr", "trivial-rewrite"}:
                found.add(int(pid))
    return found


@contextlib.contextmanager
def a_script_that_says_it_failed(stack: Stack) -> Iterator[None]:
    """The message is stored, and Postfix does not get to know it."""
    copy = stack.state_dir / "bin" / "deliver.py"
    text = SCRIPT.read_text()
    assert 'return b"" if worker.recv(8)' in text
    copy.write_text(text.replace('return b"" if worker.recv(8)', 'return b"4" if worker.recv(8)'))
    try:
        yield
    finally:
        copy.write_text(text)


def requeue(stack: Stack) -> None:
    """Every queued message is taken in anew, as after a change of the configuration."""
    stack.postfix.run("postsuper", "-r", "ALL")
    stack.postfix.run("postkick", "public", "pickup", "W")  # it looks by itself once a minute


def test_a_message_to_many_is_answered_for_each_on_one_connection(lmtp_stack: Stack) -> None:
    inboxes = [client.new_inbox(lmtp_stack) for _ in range(3)]
    addresses = [inbox.address for inbox in inboxes]
    client.send(lmtp_stack, client.message("To all"), *addresses)
    for inbox in inboxes:
        (item,) = inbox.api.wait_for(1)
        assert item["subject"] == "To all"
    for address in addresses:
        probe.wait_until(lambda to=address: "status=sent" in log_of(lmtp_stack, to))
        assert "(250 2.0.0 Stored)" in log_of(lmtp_stack, address)
        assert "[tempmail/lmtp.sock]" in log_of(lmtp_stack, address)


def test_connections_are_used_again(lmtp_stack: Stack) -> None:
    inbox = client.new_inbox(lmtp_stack)
    with smtplib.SMTP("127.0.0.1", lmtp_stack.smtp_port, timeout=30) as session:
        for number in range(40):
            session.sendmail("", inbox.address, f"Subject: {number}\r\n\r\nx\r\n")
    inbox.api.wait_for(40)
    probe.wait_until(lambda: log_of(lmtp_stack, inbox.address).count("status=sent") == 40)
    assert "conn_use=" in log_of(lmtp_stack, inbox.address)


def test_the_bytes_are_those_that_the_pipe_hands_over(lmtp_stack: Stack) -> None:
    by_lmtp, by_pipe = client.new_inbox(lmtp_stack), client.new_inbox(lmtp_stack)
    for inbox, sender in ((by_lmtp, '"a b>c"@example.org'), (by_pipe, '"a b>c"@example.org')):
        with contextlib.ExitStack() as stack:
            if inbox is by_pipe:
                stack.enter_context(transport(lmtp_stack, "tempmail"))
            client.send(lmtp_stack, TRICKY, inbox.address, sender=sender)
            inbox.api.wait_for(1)
    assert b"y" * 2047 in source(by_pipe)
    assert b"Return-Path: <a b>c@example.org>" in source(by_pipe)
    assert source(by_lmtp) == source(by_pipe)


@pytest.mark.parametrize("raw", [TRICKY, client.message("plain").as_bytes()], ids=["odd", "plain"])
def test_what_the_pipe_stored_and_did_not_confirm_is_no_second_message_by_lmtp(
    lmtp_stack: Stack, raw: bytes
) -> None:
    inbox = client.new_inbox(lmtp_stack)
    with a_script_that_says_it_failed(lmtp_stack), transport(lmtp_stack, "tempmail"):
        client.send(lmtp_stack, raw, inbox.address)
        inbox.api.wait_for(1)
        probe.wait_until(lambda: "status=deferred" in log_of(lmtp_stack, inbox.address))
    requeue(lmtp_stack)
    probe.wait_until(lambda: "(250 2.0.0 Stored)" in log_of(lmtp_stack, inbox.address))
    assert len(inbox.api.wait_for(1)) == 1


def test_a_message_that_its_owner_deleted_does_not_come_back_by_the_other_transport(
    lmtp_stack: Stack,
) -> None:
    inbox = client.new_inbox(lmtp_stack)
    with a_script_that_says_it_failed(lmtp_stack), transport(lmtp_stack, "tempmail"):
        client.send(lmtp_stack, client.message("Gone"), inbox.address)
        inbox.api.wait_for(1)
        assert inbox.api("DELETE", f"emails/{inbox.address}").data["deleted"] == 1
        probe.wait_until(lambda: "status=deferred" in log_of(lmtp_stack, inbox.address))
    requeue(lmtp_stack)
    probe.wait_until(lambda: "(250 2.0.0 Stored)" in log_of(lmtp_stack, inbox.address))
    assert inbox.api("GET", "emails/me").data["items"] == []


def test_mail_that_the_pipe_deferred_comes_once_by_lmtp(lmtp_stack: Stack) -> None:
    inbox = client.new_inbox(lmtp_stack)
    with smtplib.SMTP("127.0.0.1", lmtp_stack.smtp_port, timeout=30) as session:
        session.ehlo("client.example.org")
        session.mail(probe.SENDER)
        assert session.rcpt(inbox.address)[0] == 250
        lmtp_stack.processes["worker"].stop()
        try:
            with transport(lmtp_stack, "tempmail"):
                assert session.data(TRICKY)[0] == 250
                probe.wait_until(lambda: "status=deferred" in log_of(lmtp_stack, inbox.address))
            assert "relay=tempmail," in log_of(lmtp_stack, inbox.address)
            requeue(lmtp_stack)
        finally:
            lmtp_stack.start_worker()
    probe.wait_until(lambda: probe.queued(lmtp_stack) == 0)
    assert len(inbox.api.wait_for(1)) == 1
    assert "(250 2.0.0 Stored)" in log_of(lmtp_stack, inbox.address)


def test_mail_that_lmtp_deferred_comes_once_by_the_pipe(lmtp_stack: Stack) -> None:
    inbox = client.new_inbox(lmtp_stack)
    with smtplib.SMTP("127.0.0.1", lmtp_stack.smtp_port, timeout=30) as session:
        session.ehlo("client.example.org")
        session.mail(probe.SENDER)
        assert session.rcpt(inbox.address)[0] == 250
        lmtp_stack.processes["worker"].stop()
        try:
            assert session.data(TRICKY)[0] == 250
            probe.wait_until(lambda: "status=deferred" in log_of(lmtp_stack, inbox.address))
        finally:
            lmtp_stack.start_worker()
    with transport(lmtp_stack, "tempmail"):
        requeue(lmtp_stack)
        probe.wait_until(lambda: probe.queued(lmtp_stack) == 0)
    assert len(inbox.api.wait_for(1)) == 1


def test_a_reload_of_the_worker_loses_no_connection_in_use(lmtp_stack: Stack) -> None:
    inbox = client.new_inbox(lmtp_stack)
    with smtplib.SMTP("127.0.0.1", lmtp_stack.smtp_port, timeout=30) as session:
        for number in range(60):
            if number == 20:
                lmtp_stack.processes["worker"].send_signal(signal.SIGHUP)
            session.sendmail("", inbox.address, f"Subject: {number}\r\n\r\nx\r\n")
    subjects = [item["subject"] for item in inbox.api.wait_for(60)]
    assert sorted(map(int, subjects)) == list(range(60))
