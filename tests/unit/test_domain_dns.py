"""Questions to the DNS: what is made of each kind of answer, and that no server can hold us up or fill us up."""

import time

import dns.rcode
import pytest

from mailboxes.services import domain_dns
from mailboxes.services.domain_dns import Exchanger, Failure, Lookups, State
from tests import dns_server
from tests.dns_server import DnsServer

SECONDS = 0.3  # that a question of these tests may take


@pytest.fixture
def server(settings):
    with dns_server.running() as running:
        settings.DNS_RESOLVERS = [running.place]
        yield running


def lookups(seconds: float = 20.0) -> Lookups:
    return Lookups(time.monotonic() + seconds)


def failure_of(
    server: DnsServer, behave: dns_server.Behaviour, seconds: float = 20.0
) -> Failure | None:
    """How a question for a TXT record ends."""
    server.bad["bad.net"] = behave
    answer = lookups(seconds).texts("bad.net")
    assert (answer.state, answer.values) == (State.FAILED, ())
    return answer.failure


def test_records_of_each_kind_are_read(server) -> None:
    server.records |= {
        ("a.net", "MX"): ["20 mx2.A.net.", "10 mx1.a.net."],
        ("a.net", "TXT"): ['"v=spf1 " "-all"', '"other"'],
        ("mx1.a.net", "A"): ["192.0.2.1"],
        ("mx1.a.net", "AAAA"): ["2001:db8::1"],
        ("1.2.0.192.in-addr.arpa", "PTR"): ["mx1.a.net."],
    }
    asked = lookups()
    assert asked.exchangers("a.net")[1] == [Exchanger(10, "mx1.a.net"), Exchanger(20, "mx2.a.net")]
    assert sorted(asked.texts("a.net").values) == ["other", "v=spf1 -all"]
    _, (four, six) = asked.addresses("mx1.a.net")
    assert (str(four), str(six)) == ("192.0.2.1", "2001:db8::1")
    assert asked.names(four).values == ("mx1.a.net.",)


def test_a_missing_name_and_a_missing_record_differ(server) -> None:
    server.records["a.net", "A"] = ["192.0.2.1"]
    assert lookups().texts("a.net").state == State.NOTHING
    assert lookups().texts("b.net").state == State.NO_NAME
    assert lookups().exchangers("b.net")[1] == []


def test_an_alias_is_followed_and_told(server) -> None:
    server.records |= {("mx.a.net", "CNAME"): ["b.net."], ("b.net", "A"): ["192.0.2.7"]}
    answer, (found,) = lookups().addresses("mx.a.net")
    assert (answer.is_alias, str(found)) == (True, "192.0.2.7")


def test_no_question_is_asked_twice(server) -> None:
    asked = lookups()
    assert asked.texts("a.net") == asked.texts("a.net")
    assert server.asked == [("a.net", "TXT")]


def test_a_null_mx_has_no_host(server) -> None:
    server.records["a.net", "MX"] = ["0 ."]
    assert lookups().exchangers("a.net")[1] == [Exchanger(0, "")]


@pytest.mark.parametrize(
    ("behave", "expected"),
    [
        (dns_server.failing(dns.rcode.SERVFAIL), Failure.SERVER),
        (dns_server.failing(dns.rcode.REFUSED), Failure.REFUSED),
        (dns_server.failing(dns.rcode.NOTIMP), Failure.UNREADABLE),
        (dns_server.lame, Failure.REFUSED),
        (dns_server.looping, Failure.UNREADABLE),
        (dns_server.aliased_without_end, Failure.UNREADABLE),
    ],
    ids=["SERVFAIL", "REFUSED", "NOTIMP", "lame", "loop", "endless aliases"],
)
def test_what_is_no_answer_is_named(server, behave, expected) -> None:
    assert failure_of(server, behave) == expected


@pytest.mark.parametrize(
    "behave",
    [dns_server.silent, dns_server.other_id, dns_server.garbage, dns_server.dripping],
    ids=["silent", "forged", "garbage", "dripping"],
)
def test_nobody_holds_us_up(server, behave) -> None:
    """A datagram that is no answer may be anybody's: we wait on for the right one, and no longer than the deadline."""
    assert failure_of(server, behave, SECONDS) == Failure.TIME


def test_after_the_deadline_nobody_is_asked(server) -> None:
    assert lookups(-1).texts("a.net").failure == Failure.TIME
    assert server.asked == []


def test_where_nobody_listens_nothing_is_known(settings) -> None:
    settings.DNS_RESOLVERS = ["127.0.0.1:1"]
    assert lookups(SECONDS).texts("a.net").failure == Failure.TIME


def test_of_a_huge_answer_a_little_is_looked_at(server) -> None:
    texts = [f'"{number} {"x" * 240}"' for number in range(200)]
    server.bad["bad.net"] = dns_server.huge(*texts, kind="TXT")
    assert len(lookups().texts("bad.net").values) == domain_dns.MOST_RECORDS
    server.bad["bad.net"] = dns_server.huge(" ".join([f'"{"x" * 250}"'] * 200), kind="TXT")
    (one,) = lookups().texts("bad.net").values
    assert len(one) == domain_dns.LONGEST_TEXT


def test_bytes_of_any_kind_are_text(server) -> None:
    server.records["a.net", "TXT"] = [r'"\000\255\010<script>"']
    (one,) = lookups().texts("a.net").values
    assert one == "\0\ufffd\n<script>"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("192.0.2.53", ("192.0.2.53", 53)),
        ("192.0.2.53:5353", ("192.0.2.53", 5353)),
        ("2001:db8::53", ("2001:db8::53", 53)),
        ("[2001:db8::53]:5353", ("2001:db8::53", 5353)),
    ],
)
def test_resolvers_are_addresses_with_a_port(settings, text, place) -> None:
    settings.DNS_RESOLVERS = [text]
    (chosen,) = domain_dns.resolver().nameservers
    assert (chosen.address, chosen.port) == place
    domain_dns.check_resolvers()


@pytest.mark.parametrize("text", ["dns.example", "192.0.2.53:0", "192.0.2.53:x", "192.0.2.1:70000"])
def test_what_is_none_is_refused(settings, text) -> None:
    settings.DNS_RESOLVERS = [text]
    with pytest.raises(ValueError, match=r".*"):
        domain_dns.check_resolvers()


def test_names_that_are_never_on_the_internet_are_asked_of_a_resolver_of_ones_own_only(
    settings,
) -> None:
    settings.DNS_RESOLVERS = []
    assert [domain_dns.is_asked(name) for name in ("a.net", "tempmail.test", "a.example")] == [
        True,
        False,
        False,
    ]
    settings.DNS_RESOLVERS = ["192.0.2.53"]
    assert domain_dns.is_asked("tempmail.test")
