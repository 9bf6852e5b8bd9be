"""What a webhook's URL may be: in no notation anything but the public internet, nothing that reads two ways."""

import ipaddress

import pytest

from mailboxes.rules import webhook_networks, webhook_urls
from mailboxes.rules.errors import WebhookRefused

# As other programs (inet_aton, browsers, curl) understand them: 127.0.0.1, 10.0.0.1 or 169.254.169.254.
LITERALS = """
    127.0.0.1 127.1 127.0.1 127.0.0.1. 127.0.0.2 2130706433 0x7f000001 0X7F.0.0.1 0x7f.1 0177.0.0.1 0177.1 017700000001
    127.0.0.0x1 127.0.0.01 0127.0.0.1 1.0x 0x 00 0 0.0.0.0 0x0 10.0.0.1 10.1 012.0.0.1 169.254.169.254
    2852039166 0xa9fea9fe 0251.0376.0251.0376 169.254.43518 192.168.1.1 172.16.0.1 172.31.255.255
    100.64.0.1 100.100.100.200 192.0.0.192 168.63.129.16 192.0.2.1 198.18.0.1 198.51.100.7 203.0.113.9 192.88.99.1
    224.0.0.1 239.1.1.1 240.0.0.1 255.255.255.255 256.256.256.256 1.2.3 1.2.3.4.5 999999999999 8.8.8.08
    [::1] [::] [0:0:0:0:0:0:0:1] [::ffff:127.0.0.1] [::ffff:7f00:1] [0:0:0:0:0:ffff:7f00:0001] [::ffff:8.8.8.8]
    [::127.0.0.1]
    [::ffff:0:127.0.0.1] [64:ff9b::127.0.0.1] [64:ff9b::7f00:1] [64:ff9b:1::a00:1] [64:ff9b::8.8.8.8]
    [2002:7f00:1::] [2002:a00:1::1] [2002:808:808::1] [2001:0:4136:e378:8000:63bf:80ff:fffe] [2001::1] [2001:db8::1]
    [3fff::1] [3ffe::1] [fe80::1] [fec0::1] [fc00::1] [fd00:ec2::254] [ff02::1] [100::1] [5f00::1] [4000::1]
    [2001:10::1] [2001:20::1] [2001:2::1]
    [fe80::1%eth0] [fe80::1%25eth0] [::1%lo] [::1%25lo] [v1.x] [] [::1 ::1] [1.2.3.4] [:::]
"""
NAMES = """
    localhost LOCALHOST localhost. a.localhost localhost.localdomain printer printer. x.local x.internal
    metadata.google.internal router.home.arpa x.lan 1.0.0.127.in-addr.arpa x.onion
    -a.example a-.example a..example .example example..com a.exa!mple a.example.. %6cocalhost.com
    127.0.0.1%2f.example a.example%00.com xn--.0x7f
"""
BEYOND_ASCII = [
    "https://\uff11\uff12\uff17.\uff10.\uff10.\uff11/",  # 127.0.0.1 in full width
    "https://127\u30020\u30020\u30021/",  # with ideographic full stops
    "https://\u2460\u2461\u2466.\u24ea.\u24ea.\u2460/",  # in circles
    "https://\u24db\u24de\u24d2\u24d0\u24db\u24d7\u24de\u24e2\u24e3/",  # localhost in circles
    "https://b\u00fccher.example/",
    "https://exa\u00admple.com/",  # a soft hyphen
    "https://example.com\u2100/",  # a/c
    "https://example.com/\u00e9",
]
ODD = [
    "",
    "https://",
    "https:///",
    "https:/example.com/",
    "https:example.com",
    "//example.com/",
    "http://example.com/",
    "https://example.com:80/",
    "https://example.com:22/",
    "https://example.com:6379/",
    "https://example.com:65536/",
    "https://example.com:0443/",
    "https://example.com:/",
    "https://example.com:443:80/",
    "https://example.com:-1/",
    "https://user@example.com/",
    "https://user:word@example.com/",
    "https://example.com@127.0.0.1/",
    "https://127.0.0.1@example.com/",
    "https://example.com#@127.0.0.1/",
    "https://example.com/#fragment",
    "https://example.com\\@127.0.0.1/",
    "https://example.com/a\\b",
    "https:\\\\example.com/",
    "https://example.com/ b",
    " https://example.com/",
    "https://example.com/\n",
    "https://example.com/\r\nX-Injected: 1",
    "https://example.com\t/",
    "https://exa\tmple.com/",
    "https://example.com/\x00",
    "https://[::1]:443.example.com/",
    "https://[2606:4700::1111]a/",
    "https://2606:4700::1111/",
    "ftp://example.com/",
    "file:///etc/passwd",
    "gopher://example.com/",
    "javascript:alert(1)",
    "https://" + "a" * 64 + ".com/",
    "https://" + "a." * 127 + "com/",
    "https://example.com/" + "a" * 1000,
]


@pytest.mark.parametrize("host", LITERALS.split("\n")[1:-1])
def test_no_private_address_in_any_notation(host: str) -> None:
    for each in host.split():
        for url in (f"https://{each}/", f"https://{each}:8443/x", f"https://{each}"):
            with pytest.raises(WebhookRefused):
                webhook_urls.check_public(webhook_urls.parse(url))


@pytest.mark.parametrize("name", NAMES.split())
def test_no_local_or_impossible_name(name: str) -> None:
    with pytest.raises(WebhookRefused):
        webhook_urls.check_public(webhook_urls.parse(f"https://{name}/"))


@pytest.mark.parametrize("url", ODD + BEYOND_ASCII)
def test_nothing_that_another_program_could_read_another_way(url: str) -> None:
    with pytest.raises(WebhookRefused):
        webhook_urls.check_public(webhook_urls.parse(url))


@pytest.mark.parametrize(
    ("url", "host", "port", "path", "header"),
    [
        ("https://example.com", "example.com", 443, "/", "example.com"),
        ("https://EXAMPLE.com./a?b=c&d", "example.com", 443, "/a?b=c&d", "example.com"),
        ("https://example.com?b=%20", "example.com", 443, "/?b=%20", "example.com"),
        ("https://a_b.example.com:8443/", "a_b.example.com", 8443, "/", "a_b.example.com:8443"),
        ("https://xn--bcher-kva.example/", "xn--bcher-kva.example", 443, "/", None),
        ("https://8.8.8.8/x", "8.8.8.8", 443, "/x", "8.8.8.8"),
        ("https://[2606:4700:0::1111]:443/", "2606:4700::1111", 443, "/", "[2606:4700::1111]"),
        ("https://[2606:4700::1]:8443/", "2606:4700::1", 8443, "/", "[2606:4700::1]:8443"),
    ],
)
def test_what_may_be_sent_to_is_taken_apart_once(url, host, port, path, header) -> None:
    target = webhook_urls.parse(url)
    webhook_urls.check_public(target)
    assert (target.host, target.port, target.path) == (host, port, path)
    assert target.host_header == (header or host)


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("a.b.example.com", "example.com"),
        ("example.com", "example.com"),
        ("8.8.8.8", "8.8.8.8"),
        ("[2606:4700::1111]", "2606:4700::/64"),
    ],
)
def test_all_names_of_a_domain_count_as_one(host: str, domain: str) -> None:
    assert webhook_urls.parse(f"https://{host}/").domain == domain


PUBLIC = "1.1.1.1 8.8.8.8 100.63.255.255 100.128.0.0 172.15.0.1 172.32.0.1 192.0.1.1 223.255.255.255 198.20.0.1"
PUBLIC_6 = "2606:4700::1111 2a00:1450::1 2001:4860:4860::8888 2003::1 2400:cb00::1 2001:200::1"


@pytest.mark.parametrize("address", [*PUBLIC.split(), *PUBLIC_6.split()])
def test_public_addresses_are_public(address: str) -> None:
    assert webhook_networks.is_public(ipaddress.ip_address(address))


def test_no_more_is_public_than_the_standard_library_says() -> None:
    step = 2**32 // 65_521
    for number in range(0, 2**32, step):
        address = ipaddress.IPv4Address(number)
        if not address.is_global or address.is_multicast:
            assert not webhook_networks.is_public(address), address
    for top in range(0, 2**16, 7):
        address6 = ipaddress.IPv6Address((top << 112) + 1)
        if not address6.is_global or address6.is_multicast:
            assert not webhook_networks.is_public(address6), address6


def test_a_zone_makes_an_address_local() -> None:
    assert not webhook_networks.is_public(ipaddress.ip_address("2606:4700::1111%eth0"))
