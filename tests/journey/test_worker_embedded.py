"""The stand-in for machines without Postfix, spoken to by SMTP."""

import smtplib
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.journey.worker_stack import ROOT, WorkerStack, wait_for

MESSAGE = "Subject: hi\r\n\r\n" + "x" * 5000 + "\r\n"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def stack() -> Iterator[WorkerStack]:
    port = free_port()
    entry = [str(ROOT / "manage.py"), "run_embedded_smtp", "--port", str(port)]
    stack = WorkerStack(entry, SMTP_PORT=str(port), MESSAGE_SIZE_LIMIT="100000")
    try:
        stack.start()
        yield stack
    finally:
        stack.close()


@pytest.fixture
def client(stack: WorkerStack) -> Iterator[smtplib.SMTP]:
    with smtplib.SMTP("127.0.0.1", int(stack.environment["SMTP_PORT"]), timeout=60) as client:
        yield client


def rcpt(client: smtplib.SMTP, recipient: str, sender: str = "s@example.org") -> tuple[int, bytes]:
    client.ehlo("test")
    client.mail(sender)
    return client.rcpt(recipient)


def test_mail_to_a_mailbox_is_stored_once_per_send(
    stack: WorkerStack, client: smtplib.SMTP
) -> None:
    before = stack.stored()
    for _ in range(2):
        assert client.sendmail("s@example.org", stack.address, MESSAGE) == {}
    assert stack.stored() == before + 2


def test_recipients_get_the_answers_of_the_policy_service(
    stack: WorkerStack, client: smtplib.SMTP
) -> None:
    assert rcpt(client, stack.address)[0] == 250
    assert rcpt(client, "nobody@tempmail.test") == (550, b"5.1.1 No such mailbox")
    assert rcpt(client, "nobody@example.org") == (554, b"5.7.1 Relay access denied")


def test_a_blocked_sender_is_refused(stack: WorkerStack, client: smtplib.SMTP) -> None:
    command = [sys.executable, str(ROOT / "manage.py"), "block", "add", "domain", "bad.example"]
    subprocess.run([*command, "--reason", "test"], env=stack.environment, check=True)
    wait_for(lambda: rcpt(client, stack.address, "x@mail.bad.example")[0] == 550)
    assert rcpt(client, stack.address)[0] == 250


def test_a_message_beyond_the_limit_is_refused(stack: WorkerStack, client: smtplib.SMTP) -> None:
    with pytest.raises(smtplib.SMTPSenderRefused) as refused:
        client.sendmail("", stack.address, b"x" * 80 + b"\r\n" + b"y" * 200_000)
    assert refused.value.smtp_code == 552


def test_it_announces_its_limit(client: smtplib.SMTP) -> None:
    client.ehlo("test")
    assert client.esmtp_features["size"] == "100000"


def test_it_answers_the_health_question(stack: WorkerStack) -> None:
    assert stack.answers()


def test_the_canary_takes_this_way_too(stack: WorkerStack) -> None:
    code = """
from datetime import timedelta
from mailboxes.models.mailboxes import Mailbox
from mailboxes.models.records import CanaryRun
from mailboxes.services import canary, clock, purging
run = canary.begin()
past = clock.now() - timedelta(seconds=1)
Mailbox.objects.filter(ends_at=run.ends_at).update(ends_at=past, expires_at=past)
CanaryRun.objects.filter(pk=run.pk).update(ends_at=past)
purging.purge_ended_mailboxes()
canary.look_back()
run.refresh_from_db()
print(run.state, run.reason, run.delivery_ms is not None)
"""
    command = [sys.executable, str(ROOT / "manage.py"), "shell", "--no-imports", "-c", code]
    done = subprocess.run(
        command, env=stack.environment, check=True, capture_output=True, text=True
    )
    assert done.stdout.split() == ["passed", "True"]
