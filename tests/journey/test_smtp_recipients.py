"""What RCPT is answered, judged by the worker's policy service alone."""

import signal
import smtplib
import time

from deploy.local.stack import Stack
from tests.journey import probe


def test_a_living_address_is_accepted_in_any_case_and_with_a_tag(stack: Stack) -> None:
    address = probe.new_address(stack)
    local_part, domain = address.split("@")
    for variant in (address, address.upper(), f"{local_part}+news@{domain}"):
        assert probe.answer_to(stack, variant)[0] == 250


def test_unknown_ended_and_never_issued_addresses_get_the_same_answer(stack: Stack) -> None:
    ended = probe.new_address(stack, "ends_at=Now() - timedelta(seconds=1)")
    answers = {
        probe.answer_to(stack, address)[1].replace(address, "ADDRESS")
        for address in (ended, "nobody-has-this@tempmail.test", "x@tempmail.test")
    }
    assert len(answers) == 1
    assert probe.answer_to(stack, ended)[0] == 550
    assert answers.pop().startswith("5.1.1 ")


def test_a_full_mailbox_is_answered_452(stack: Stack) -> None:
    full = probe.new_address(stack, "message_count=1_000_000")
    code, text = probe.answer_to(stack, full)
    assert (code, text[:5]) == (452, "4.2.2")


def test_a_domain_of_somebody_else_is_refused(stack: Stack) -> None:
    code, text = probe.answer_to(stack, "somebody@example.net")
    assert (code, text[:5]) == (554, "5.7.1")


def test_a_domain_counts_as_soon_as_it_is_added(stack: Stack) -> None:
    assert probe.answer_to(stack, "postmaster@added.test")[0] == 554
    stack.manage("add_domain", "added.test")
    assert probe.answer_to(stack, "postmaster@added.test")[0] == 250


def test_the_postmaster_is_answered_with_and_without_a_domain(stack: Stack) -> None:
    for address in ("postmaster@tempmail.test", "abuse@tempmail.test", "postmaster"):
        assert probe.answer_to(stack, address)[0] == 250


def test_a_dead_worker_means_451_at_once_and_good_answers_when_it_is_back(stack: Stack) -> None:
    address = probe.new_address(stack)
    with smtplib.SMTP("127.0.0.1", stack.smtp_port, timeout=30) as waiting_client:
        waiting_client.ehlo("client.example.org")
        waiting_client.mail(probe.SENDER)
        assert waiting_client.rcpt(address)[0] == 250
        stack.processes["worker"].stop()
        try:
            began = time.monotonic()
            code, text = waiting_client.rcpt(address)
            assert (code, text[:5]) == (451, b"4.3.0")
            assert time.monotonic() - began < 5  # MAIL-PATH: not the 100 s of a hanging table
        finally:
            stack.start_worker()
        # The same smtpd(8) process remembers nothing of the failure.
        assert waiting_client.rcpt(address)[0] == 250


def test_a_hanging_worker_means_451_and_good_answers_when_it_goes_on(stack: Stack) -> None:
    address = probe.new_address(stack)
    stack.processes["worker"].send_signal_to_all(signal.SIGSTOP)
    try:
        assert probe.answer_to(stack, address)[0] == 451
    finally:
        stack.processes["worker"].send_signal_to_all(signal.SIGCONT)
    probe.wait_until(lambda: probe.answer_to(stack, address)[0] == 250)


def test_mail_taken_while_the_worker_is_away_is_stored_once_when_it_is_back(stack: Stack) -> None:
    address = probe.new_address(stack)
    before = probe.stored(stack)
    with smtplib.SMTP("127.0.0.1", stack.smtp_port, timeout=30) as client:
        client.ehlo("client.example.org")
        client.mail(probe.SENDER)
        assert client.rcpt(address)[0] == 250
        stack.processes["worker"].stop()
        try:
            assert client.data(b"Subject: while you were out\r\n\r\nHello\r\n")[0] == 250
        finally:
            stack.start_worker()
    probe.wait_until(lambda: probe.queued(stack) == 0)
    assert probe.stored(stack) == before + 1
