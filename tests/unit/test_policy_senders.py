"""Who sends is judged at RCPT before the recipient: blocks, caps a minute, clients that guess addresses."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from delivery import policy
from delivery.admissions import AdmissionBook
from delivery.policy import RecipientJudge
from delivery.rates import RateBook
from delivery.scoreboard import Scoreboard
from delivery.sender_judge import (
    CLIENT_BLOCKED,
    CLIENT_TOO_FAST,
    GUESSING,
    SENDER_BLOCKED,
    SENDER_TOO_FAST,
    SenderJudge,
    SenderLimits,
)
from mailboxes import checks
from mailboxes.rules import networks
from mailboxes.services import blocklist, blocks, moderation
from tests.unit.standing_clock import Clock

pytestmark = pytest.mark.django_db
NOBODY = "nobody@tempmail.test"


class Host:
    """Two worker processes; questions go to them in turn, as smtpd(8)'s connections do."""

    def __init__(self, **limits: Any) -> None:
        board = Scoreboard(2)
        self.clock, self.asked = Clock(), 0
        self.judges = [
            RecipientJudge(
                AdmissionBook(board.admissions, process),
                SenderJudge(RateBook(board.rates, process, self.clock), SenderLimits(**limits)),
            )
            for process in range(2)
        ]

    def rcpt(self, recipient: str, sender: str = "s@example.org", client: str = "192.0.2.1") -> str:
        self.asked += 1
        question = {"request": "smtpd_access_policy", "protocol_state": "RCPT"}
        question |= {"recipient": recipient, "sender": sender, "client_address": client}
        return self.judges[self.asked % 2](question)


def block(kind: str, value: str) -> None:
    blocks.add(kind, value, reason="because")
    blocklist.forget()


def test_a_normal_recipient_costs_one_query_with_blocks_and_caps_or_without(
    owner, django_assert_num_queries
) -> None:
    host = Host(sender_domain=10, client=10, unknown=10)
    block("sender", "spammer@example.net")
    block("domain", "bad.example")
    block("network", "198.51.100.0/24")
    host.rcpt(owner.address)
    with django_assert_num_queries(1):
        assert host.rcpt(owner.address) == policy.DUNNO


def test_who_is_blocked_costs_no_query(owner, django_assert_num_queries) -> None:
    host = Host()
    block("domain", "bad.example")
    block("network", "198.51.100.0/24")
    host.rcpt(owner.address)
    with django_assert_num_queries(0):
        assert host.rcpt(owner.address, sender="x@mail.bad.example") == SENDER_BLOCKED
        assert host.rcpt(owner.address, client="198.51.100.9") == CLIENT_BLOCKED


def test_each_kind_of_block_is_answered_with_fixed_words(owner) -> None:
    host = Host()
    block("sender", "spammer@example.net")
    block("domain", "bad.example")
    block("network", "2001:db8::/32")
    assert SENDER_BLOCKED[:9] == "550 5.7.1"
    assert CLIENT_BLOCKED[:9] == "554 5.7.1"
    assert host.rcpt(owner.address, sender='"Spammer"@EXAMPLE.NET.') == SENDER_BLOCKED
    assert host.rcpt(owner.address, sender="x@bad.example") == SENDER_BLOCKED
    assert host.rcpt(owner.address, client="2001:db8::1") == CLIENT_BLOCKED
    # and says nothing about the recipient
    assert host.rcpt(NOBODY, sender="x@bad.example") == SENDER_BLOCKED
    assert host.rcpt(owner.address, sender="x@example.net") == policy.DUNNO


def test_the_null_sender_is_never_blocked_by_sender_but_by_network(owner) -> None:
    host = Host()
    block("domain", "bad.example")
    block("network", "192.0.2.0/24")
    assert host.rcpt(owner.address, sender="", client="203.0.113.1") == policy.DUNNO
    assert host.rcpt(owner.address, sender="", client="192.0.2.1") == CLIENT_BLOCKED


def test_a_frozen_mailbox_is_unknown(owner) -> None:
    host = Host()
    moderation.freeze(owner.mailbox, reason="report")
    assert host.rcpt(owner.address) == host.rcpt(NOBODY) == policy.UNKNOWN
    moderation.unfreeze(owner.mailbox)
    assert host.rcpt(owner.address) == policy.DUNNO


def test_a_flood_from_one_sender_domain_leaves_others_alone(owner) -> None:
    host = Host(sender_domain=10)
    flood = [
        host.rcpt(owner.address, f"x{n}@host{n}.flood.example", f"192.0.2.{n}") for n in range(30)
    ]
    assert flood == [policy.DUNNO] * 10 + [SENDER_TOO_FAST] * 20
    assert host.rcpt(owner.address, "a@example.org", "192.0.2.1") == policy.DUNNO
    assert host.rcpt(owner.address, "", "192.0.2.1") == policy.DUNNO
    host.clock.now += 80
    assert host.rcpt(owner.address, "x@flood.example", "192.0.2.1") == policy.DUNNO


def test_a_flood_from_one_client_leaves_others_alone(owner) -> None:
    host = Host(client=10)
    flood = [host.rcpt(owner.address, f"x@d{n}.example", f"2001:db8::{n:x}") for n in range(30)]
    assert flood == [policy.DUNNO] * 10 + [CLIENT_TOO_FAST] * 20
    assert host.rcpt(owner.address, client="2001:db8:0:1::1") == policy.DUNNO
    host.clock.now += 80
    assert host.rcpt(owner.address, client="2001:db8::1") == policy.DUNNO


def test_an_honest_sender_tries_again(owner) -> None:
    for reply in (SENDER_TOO_FAST, CLIENT_TOO_FAST, GUESSING):
        assert reply[0] == "4"
        assert reply[4:6] == "4."


def test_what_was_refused_does_not_count_towards_a_cap(owner, settings) -> None:
    settings.MAILBOX_MAX_MESSAGES = 1
    host = Host(client=3, sender_domain=3, unknown=0)
    assert host.rcpt(owner.address) == policy.DUNNO
    for _ in range(10):
        assert host.rcpt(owner.address) == policy.FULL
        assert host.rcpt(NOBODY) == policy.UNKNOWN


def test_who_guesses_is_slowed_down_then_cut_off_and_forgiven_after_minutes(
    owner, django_assert_num_queries
) -> None:
    host = Host(unknown=10, cut_off_seconds=300)
    answers = [host.rcpt(f"guess{n}@tempmail.test") for n in range(31)]
    assert answers == [policy.UNKNOWN] * 10 + [GUESSING] * 21
    with django_assert_num_queries(0):
        assert host.rcpt(owner.address) == host.rcpt(NOBODY) == GUESSING
    assert host.rcpt(owner.address, client="192.0.2.2") == policy.DUNNO
    host.clock.now += 290
    assert host.rcpt(owner.address) == GUESSING
    host.clock.now += 20
    assert host.rcpt(owner.address) == policy.DUNNO
    assert host.rcpt(NOBODY) == policy.UNKNOWN


def test_who_is_slowed_down_can_still_reach_the_living(owner) -> None:
    host = Host(unknown=10)
    for n in range(15):
        host.rcpt(f"guess{n}@tempmail.test")
    assert host.rcpt(owner.address) == policy.DUNNO
    assert host.rcpt(NOBODY) == GUESSING


def test_a_big_sender_with_some_dead_addresses_is_not_hit(owner) -> None:
    host = Host(unknown=10)
    for n in range(30):
        assert host.rcpt(owner.address) == policy.DUNNO
        for dead in range(3):
            assert host.rcpt(f"dead{n}.{dead}@tempmail.test") == policy.UNKNOWN


def test_living_addresses_of_ones_own_are_no_leave_to_guess_without_end(owner) -> None:
    host = Host(unknown=10, client=100)
    answers = []
    for n in range(40):
        answers += [host.rcpt(f"guess{n}.{m}@tempmail.test") for m in range(3)]
        answers.append(host.rcpt(owner.address))
    assert answers[:100] == ([policy.UNKNOWN] * 3 + [policy.DUNNO]) * 25
    assert set(answers[100:]) == {CLIENT_TOO_FAST}


def test_looking_for_a_relay_counts_as_guessing(domain) -> None:
    host = Host(unknown=10)
    answers = [host.rcpt(f"x@host{n}.example") for n in range(12)]
    assert answers == [policy.FOREIGN] * 10 + [GUESSING] * 2


def test_without_limits_nobody_is_too_fast(owner) -> None:
    host = Host()
    assert {host.rcpt(owner.address) for _ in range(30)} == {policy.DUNNO}
    assert {host.rcpt(NOBODY) for _ in range(60)} == {policy.UNKNOWN}


def test_some_clients_are_exempt_from_rates_but_not_from_blocks(owner) -> None:
    exempt = networks.table(["192.0.2.0/24", "[2001:db8::]/32"])
    host = Host(client=1, sender_domain=1, unknown=1, unlimited=exempt)
    for client in ("192.0.2.1", "::ffff:192.0.2.2", "2001:db8::1"):
        assert {host.rcpt(owner.address, client=client) for _ in range(10)} == {policy.DUNNO}
        assert {host.rcpt(NOBODY, client=client) for _ in range(10)} == {policy.UNKNOWN}
    assert host.rcpt(owner.address, client="203.0.113.1") == policy.DUNNO
    assert host.rcpt(owner.address, client="203.0.113.1") == CLIENT_TOO_FAST
    block("network", "192.0.2.1")
    assert host.rcpt(owner.address, client="192.0.2.1") == CLIENT_BLOCKED


def test_exempt_clients_that_are_no_networks_are_refused_at_the_start(settings) -> None:
    settings.UNLIMITED_CLIENTS = ["192.0.2.0/24", "[::1]/128"]
    assert checks.unlimited_clients_are_networks(None) == []
    settings.UNLIMITED_CLIENTS = ["192.0.2.0/24", "nonsense"]
    assert [error.id for error in checks.unlimited_clients_are_networks(None)] == [checks.CLIENTS]


def test_a_client_without_an_address_is_judged_by_its_sender_alone(owner) -> None:
    host = Host(client=1, unknown=1, sender_domain=2)
    answers = [host.rcpt(owner.address, client="unknown") for _ in range(3)]
    assert answers == [policy.DUNNO] * 2 + [SENDER_TOO_FAST]


HOSTILE = st.one_of(
    st.text(max_size=100),
    st.just("a" * 65_536),
    st.just('"' * 65_536 + "@" + "\u3002" * 1000),
    st.just("x@" + "é" * 32_768),
    st.just("@" * 65_536),
    st.sampled_from(
        ["a@b", "@", '"', '""@""', "a@.", "a@xn--", "a@[::1]", "<>", "\0", "a@\ud7ff.x"]
    ),
)


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(recipient=HOSTILE, sender=HOSTILE, client=HOSTILE)
def test_whatever_a_client_sends_gets_an_answer(domain, recipient, sender, client) -> None:
    host = Host(client=5, sender_domain=5, unknown=5)
    block("domain", "bad.example")
    answer = host.rcpt(recipient, sender, client)
    assert answer in {policy.FOREIGN, policy.UNKNOWN}


def test_bytes_from_the_wire_are_judged_and_a_block_is_not_evaded_by_them(owner) -> None:
    host = Host()
    block("domain", "bad.example")
    for front in (b"\xff\xfe", b"a" * 40_000, "Ünï".encode(), b"\x00", b'"a@b"', b"x@y"):
        request = b"request=smtpd_access_policy\nprotocol_state=RCPT\nclient_address=::1\n"
        request += b"sender=" + front + b"@Sub.BAD.example.\nrecipient=" + owner.address.encode()
        assert host.judges[0](policy.parse(request)) == SENDER_BLOCKED
