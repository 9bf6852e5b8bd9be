"""Caps for a sender domain and for a client, and clients that guess addresses: others are served meanwhile.

Each test has clients of its own on loopback; nothing is sent, so that only RCPT counts.
"""

from deploy.local.stack import Stack
from tests.isolation import flood
from tests.isolation.conftest import CLIENT_RATE, SENDER_DOMAIN_RATE, UNKNOWN_RATE
from tests.isolation.flood import Client
from tests.journey.client import new_inbox

FLOODER, DISTRIBUTOR, GUESSER, HONEST = (f"127.0.0.{number}" for number in (20, 21, 22, 23))
SOFT_ERRORS = 9  # in one session, before smtpd(8) itself delays its answers
CUT_OFF = 3 * UNKNOWN_RATE


def ask(client: Client, sender: str, recipient: str, times: int) -> list[int]:
    """The codes of that many RCPT commands in one transaction, sent together."""
    assert client.command("RSET") == client.command(f"MAIL FROM:<{sender}>") == 250
    client.send(b"RCPT TO:<%b>\r\n" % recipient.encode() * times)
    return [client.code() for _ in range(times)]


def once(stack: Stack, source: str, recipient: str, sender: str = "s@example.org") -> int:
    """The code of one RCPT on a connection of its own."""
    client = flood.greeted(stack, source)
    codes = ask(client, sender, recipient, 1)
    client.close()
    return codes[0]


def test_a_flood_from_one_sender_domain_is_stopped_and_others_are_not(strict_stack: Stack) -> None:
    victim, other = new_inbox(strict_stack).address, new_inbox(strict_stack).address
    client = flood.greeted(strict_stack, FLOODER)
    assert (
        ask(client, "x@a.flood.example", victim, SENDER_DOMAIN_RATE) == [250] * SENDER_DOMAIN_RATE
    )
    assert ask(client, "y@b.flood.example", other, 3) == [450] * 3
    assert once(strict_stack, HONEST, other, "z@flood.example") == 450
    # the domain is stopped, neither this client nor anybody else
    assert ask(client, "s@honest.example", other, 1) == [250]
    assert once(strict_stack, HONEST, other, "") == 250
    client.close()


def test_a_flood_from_one_client_is_stopped_and_others_are_not(strict_stack: Stack) -> None:
    victim, other = new_inbox(strict_stack).address, new_inbox(strict_stack).address
    client = flood.greeted(strict_stack, DISTRIBUTOR)
    half = CLIENT_RATE // 2
    for number in range(2):
        assert ask(client, f"x@d{number}.example", victim, half) == [250] * half
    assert ask(client, "x@d3.example", other, 3) == [450] * 3
    assert once(strict_stack, DISTRIBUTOR, other, "") == 450
    assert once(strict_stack, HONEST, other, "x@d0.example") == 250
    client.close()


def test_who_guesses_addresses_over_many_connections_is_slowed_down_and_then_cut_off(
    strict_stack: Stack,
) -> None:
    living = new_inbox(strict_stack).address
    guesses = 0
    while guesses < UNKNOWN_RATE:
        client = flood.greeted(strict_stack, GUESSER)
        times = min(SOFT_ERRORS, UNKNOWN_RATE - guesses)
        assert ask(client, "s@example.org", "guess@tempmail.test", times) == [550] * times
        guesses += times
        client.close()

    # Slowed down: every wrong guess ends its session, what lives is still let in.
    client = flood.greeted(strict_stack, GUESSER)
    assert ask(client, "s@example.org", living, 1) == [250]
    assert ask(client, "s@example.org", "guess@tempmail.test", 1) == [421]
    assert client.command("NOOP") == 0
    client.close()

    # Cut off: nothing is answered any more. Others notice none of it.
    for _ in range(CUT_OFF - UNKNOWN_RATE):
        assert once(strict_stack, GUESSER, "guess@tempmail.test") == 421
    assert once(strict_stack, GUESSER, living) == 421
    assert once(strict_stack, HONEST, living) == 250
    assert once(strict_stack, HONEST, "guess@tempmail.test") == 550
