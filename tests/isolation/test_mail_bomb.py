"""A bomb of 10,000 messages to one address meets the cap, and the others hardly notice it."""

import statistics
import time
from collections.abc import Callable

from deploy.local.stack import Stack
from tests.isolation import flood
from tests.isolation.conftest import CAP
from tests.journey.client import DEADLINE, Inbox, new_inbox
from tests.journey.probe import queued, wait_until

MESSAGES = 10_000
OTHERS = 40
# The bomber is not slowed down, so that the whole bomb goes off within the time of a test.
UNSLOWED = {
    "smtpd_error_sleep_time": "0",
    "smtpd_soft_error_limit": "1000000",
    "smtpd_hard_error_limit": "1000000",
    "smtpd_junk_command_limit": "1000000",
}


def delay(stack: Stack, inbox: Inbox, nth: int) -> float:
    """Seconds from the first byte of SMTP until the API shows the nth message of this mailbox."""
    started = time.monotonic()
    client = flood.greeted(stack)
    assert client.deliver(inbox.address) == 250
    client.close()
    while len(inbox.api("GET", "emails/me?limit=100").data["items"]) < nth:
        assert time.monotonic() < started + DEADLINE, "the mail of others does not come"
        time.sleep(0.02)
    return time.monotonic() - started


def test_a_bomb_fills_one_mailbox_and_leaves_the_others_alone(
    capped_stack: Stack, record_property: Callable[[str, object], None]
) -> None:
    flood.reload(capped_stack, **UNSLOWED)
    victim, other = new_inbox(capped_stack), new_inbox(capped_stack)
    bomb = flood.Bomb(capped_stack, victim.address, MESSAGES)
    bomb.start()
    delays = []
    for number in range(1, OTHERS + 1):
        delays.append(delay(capped_stack, other, number))
    assert bomb.is_running, "the bomb was over before the others were served"
    bomb.join()
    p95 = statistics.quantiles(delays, n=20)[-1]
    record_property("p95_seconds", p95)
    print(f"others: median {statistics.median(delays):.3f} s, p95 {p95:.3f} s; {bomb.codes}")

    assert set(bomb.codes) == {250, 452}
    assert sum(bomb.codes.values()) == MESSAGES
    assert CAP <= bomb.codes[250] <= 2 * CAP
    wait_until(lambda: queued(capped_stack) == 0)
    assert victim.api("GET", "emails/me?limit=1").data["total"] == bomb.codes[250]


def test_the_full_mailbox_is_told_apart_at_rcpt(capped_stack: Stack) -> None:
    inbox = new_inbox(capped_stack)
    client = flood.greeted(capped_stack)
    codes = {client.deliver(inbox.address) for _ in range(CAP + 1)}
    assert codes == {250, 452}
    assert client.deliver(new_inbox(capped_stack).address) == 250
    client.close()
