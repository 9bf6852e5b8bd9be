"""IP networks as people write them, and asked after as Postfix and proxies write addresses."""

import ipaddress

import pytest

from mailboxes.rules import networks
from mailboxes.rules.errors import InvalidNetwork
from mailboxes.rules.networks import NetworkTable

FOREVER = float("inf")


def table(*texts: str) -> NetworkTable:
    return NetworkTable((networks.parse_network(text), FOREVER) for text in texts)


def holds(table: NetworkTable, text: str, now: float = 0.0) -> bool:
    address = networks.parse_address(text)
    assert address is not None
    return table.holds(address, now)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("192.0.2.7", "192.0.2.7/32"),
        (" 192.0.2.7/24 ", "192.0.2.0/24"),
        ("2001:DB8::1/48", "2001:db8::/48"),
        ("::ffff:192.0.2.7", "192.0.2.7/32"),
        ("::ffff:192.0.2.0/120", "192.0.2.0/24"),
    ],
)
def test_a_network_is_read_however_it_is_written(written: str, meant: str) -> None:
    assert str(networks.parse_network(written)) == meant


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "192.0.2.0/33",
        "0.0.0.0/0",
        "10.0.0.0/7",
        "::/0",
        "2000::/3",
        "::ffff:0:0/96",
        "192.0.2.1/24/24",
        "1" * 10000,
        "192.0.2.1\x00",
        "�",
        "a@b.example",
    ],
)
def test_what_is_none_or_would_stop_all_mail_is_refused(text: str) -> None:
    with pytest.raises(InvalidNetwork):
        networks.parse_network(text)


@pytest.mark.parametrize("text", ["", "unknown", "192.0.2.256", "x" * 100_000, "1.2.3.4/32", "\0"])
def test_what_is_no_address_is_none(text: str) -> None:
    assert networks.parse_address(text) is None


def test_a_mapped_address_lies_in_the_ipv4_network() -> None:
    blocked = table("192.0.2.0/24", "2001:db8::/32")
    assert holds(blocked, "::ffff:192.0.2.9")
    assert holds(blocked, "192.0.2.255")
    assert holds(blocked, "2001:db8:ffff::1")
    for other in ("192.0.3.0", "::ffff:192.0.3.1", "2001:db9::1", "::c000:0209"):
        assert not holds(blocked, other)


def test_the_table_agrees_with_ipaddress_on_any_address() -> None:
    texts = ["10.0.0.0/8", "10.1.2.0/23", "203.0.113.77", "2001:db8::/32", "2001:db8:1:2::/64"]
    blocked, parsed = table(*texts), [ipaddress.ip_network(text) for text in texts]
    for number in range(0, 2**32, 2**32 // 5000 + 1):
        address = ipaddress.ip_address(number)
        assert blocked.holds(address, 0) == any(address in each for each in parsed)


def test_a_network_counts_until_its_deadline_and_the_later_of_two() -> None:
    network = networks.parse_network("192.0.2.0/24")
    blocked = NetworkTable([(network, 20.0), (network, 10.0)])
    assert holds(blocked, "192.0.2.1", now=19.9)
    assert not holds(blocked, "192.0.2.1", now=20.0)


def test_a_client_is_an_ipv4_address_or_a_64() -> None:
    def client(text: str) -> str:
        address = networks.parse_address(text)
        assert address is not None
        return networks.client_network(address)

    assert client("192.0.2.1") == client("::ffff:192.0.2.1") == "192.0.2.1"
    assert client("2001:db8::1") == client("2001:db8::ffff:1") != client("2001:db8:0:1::1")
