"""Where is my mail? What a running instance tells the owner of an address, with real Postfix, worker and Redis."""

import contextlib
import os
import re
import signal
import smtplib
import ssl
from collections.abc import Iterator

import redis

from deploy.local.stack import Stack
from mailboxes.services import timeline_store
from tests.journey import client, probe
from tests.journey.client import Inbox

BLOCKED = "timeline-blocked.example"
PATTERN = "tempmail:timeline:*"


def page_of(stack: Stack, inbox: Inbox) -> str:
    """The page without JavaScript."""
    public_id = inbox.url.strip("/").split("/")[1]
    cookie = {"Cookie": f"m-{public_id}={inbox.token}"}
    answer = client.http_request(stack, "GET", f"{inbox.url}timeline", headers=cookie)
    assert answer.status == 200
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", answer.text))


def wait_for(stack: Stack, inbox: Inbox, *said: str) -> str:
    """Wait until the page says all of this; return it."""
    probe.wait_until(lambda: all(each in page_of(stack, inbox) for each in said))
    return page_of(stack, inbox)


@contextlib.contextmanager
def store(stack: Stack) -> Iterator[redis.Redis]:
    with redis.Redis(unix_socket_path=f"{stack.state_dir}/redis/redis.sock") as connection:
        yield connection


def keys(stack: Stack) -> set[bytes]:
    with store(stack) as connection:
        return set(connection.scan_iter(match=PATTERN, count=1000))


def test_mail_is_followed_from_the_question_to_the_inbox(each_stack: Stack) -> None:
    inbox = client.new_inbox(each_stack)
    assert "Nobody has asked for this address" in page_of(each_stack, inbox)
    client.send(each_stack, client.message("kestrel"), inbox.address)
    with smtplib.SMTP("127.0.0.1", each_stack.smtp_port) as sender:
        sender.starttls(context=trusting())
        sender.sendmail("a@example.org", [inbox.address], client.message("TLS").as_bytes())
    inbox.api.wait_for(2)
    page = wait_for(each_stack, inbox, "not encrypted", "encrypted, TLSv1.", "The message came in")
    probe.wait_until(lambda: page_of(each_stack, inbox).count("Stored: it is in the inbox") == 2)
    times = re.findall(r"([\d.]+) (ms|s|min) after it came", page_of(each_stack, inbox))
    assert len(times) == 2
    assert all(unit != "min" for _, unit in times)  # by the id of the queue file, not by chance
    assert "kestrel" not in page


def trusting() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def test_refusals_are_told_to_the_owner_with_their_reason(stack: Stack) -> None:
    inbox = client.new_inbox(stack)
    public_id = inbox.url.strip("/").split("/")[1]
    probe.shell(
        stack,
        "from mailboxes.models.mailboxes import Mailbox\n"
        "from mailboxes.services import blocks\n"
        f"blocks.add('domain', {BLOCKED!r}, reason='test')\n"
        f"print(Mailbox.objects.filter(public_id={public_id!r}).update(message_count=100_000))",
    )
    assert probe.answer_to(stack, inbox.address)[0] == 452
    # of one of the worker's processes; the others know of the block within seconds
    probe.wait_until(lambda: probe.answer_to(stack, inbox.address, f"x@{BLOCKED}")[0] == 550)
    wait_for(stack, inbox, "the mailbox is full", "the sender is blocked here")


def test_what_was_refused_before_or_for_nobody_leaves_no_key(stack: Stack) -> None:
    before = keys(stack)
    inbox = client.new_inbox(stack)
    assert probe.answer_to(stack, "nobody-has-this@tempmail.test")[0] in {550, 554}
    with smtplib.SMTP("127.0.0.1", stack.smtp_port) as sender:
        sender.ehlo("client.example.org")
        assert sender.docmd("MAIL", "FROM:<a@example.org> SIZE=99999999999")[0] == 552
    client.send(stack, client.message("after them"), inbox.address)
    wait_for(stack, inbox, "Stored")
    new = keys(stack) - before
    assert 1 <= len(new) <= 2  # ours; two where ten minutes were over meanwhile
    page = page_of(stack, inbox)
    assert "there are only sums" in page


def test_what_is_found_too_big_at_its_end_is_a_question_after_which_nothing_comes(
    stack: Stack,
) -> None:
    inbox = client.new_inbox(stack)
    with smtplib.SMTP("127.0.0.1", stack.smtp_port) as sender:
        sender.ehlo("client.example.org")
        sender.docmd("MAIL", "FROM:<a@example.org>")
        assert sender.rcpt(inbox.address)[0] == 250
        assert sender.data((b"y" * 70 + b"\r\n") * 380_000)[0] == 552
    page = wait_for(stack, inbox, "was let in", "sent more than we take in one message")
    assert "The message came in" not in page


def test_it_is_bounded_and_goes_by_itself_or_with_its_address(stack: Stack) -> None:
    inbox, before = client.new_inbox(stack), keys(stack)
    with smtplib.SMTP("127.0.0.1", stack.smtp_port) as sender:
        sender.ehlo("client.example.org")
        sender.docmd("MAIL", "FROM:<a@example.org>")
        for _ in range(3 * timeline_store.PER_SLICE):
            assert sender.rcpt(inbox.address)[0] == 250
    wait_for(stack, inbox, "was let in")
    with store(stack) as connection:
        probe.wait_until(lambda: bool(keys(stack) - before))
        ours = keys(stack) - before
        assert all(connection.llen(key) <= timeline_store.PER_SLICE for key in ours)
        assert all(0 < connection.ttl(key) <= timeline_store.SECONDS for key in keys(stack))
        assert (
            inbox.address.encode()
            not in repr([(key, connection.lrange(key, 0, -1)) for key in ours]).encode()
        )
    end = "from mailboxes.services import reading, ending\n" + (
        f"ending.end(reading.open_by_token('{inbox.token}').mailbox)\nprint(0)"
    )
    probe.shell(stack, end)
    assert not keys(stack) & ours


def test_a_redis_that_hangs_or_dies_costs_no_mail(sqlite_stack: Stack) -> None:
    """It is stopped by a signal: it takes connections and answers nothing."""
    stack, inbox = sqlite_stack, client.new_inbox(sqlite_stack)
    before = probe.stored(stack)
    pid = stack.processes["redis"].pid
    os.kill(pid, signal.SIGSTOP)
    try:
        for number in range(5):
            client.send(stack, client.message(str(number)), inbox.address)
        probe.wait_until(lambda: probe.stored(stack) == before + 5)
        assert probe.queued(stack) == 0
    finally:
        os.kill(pid, signal.SIGCONT)

    def is_told() -> bool:
        client.send(stack, client.message("back"), inbox.address)
        return "Stored: it is in the inbox" in page_of(stack, inbox)

    probe.wait_until(is_told)
