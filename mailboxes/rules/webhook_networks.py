"""Which addresses are of the public internet: all others may be a neighbour of ours that trusts whoever reaches it.

The standard library's `is_global` differs between patch releases of Python (CVE-2024-4032), so the tables stand here:
the special-purpose registries of IANA (RFC 6890 and its successors), and what clouds put beside them.
"""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

_REFUSED_4 = tuple(
    IPv4Network(text)
    for text in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",
        "100.64.0.0/10",  # shared (CGNAT); metadata of Alibaba: 100.100.100.200
        "127.0.0.0/8",
        "168.63.129.16/32",  # looks public: the host agent of Azure
        "169.254.0.0/16",  # link-local; metadata of most clouds: 169.254.169.254
        "172.16.0.0/12",
        "192.0.0.0/24",  # IETF protocol assignments; metadata of Oracle: 192.0.0.192
        "192.0.2.0/24",  # documentation
        "192.52.193.0/24",  # AMT
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
    )
)
# Global unicast. Outside of it lie loopback, mapped and compatible IPv4, NAT64, discard, local, link-local, multicast.
_GLOBAL_6 = IPv6Network("2000::/3")
_REFUSED_6 = tuple(
    IPv6Network(text)
    for text in (
        "2001::/23",  # IETF protocol assignments: Teredo, benchmarks, ORCHID, AMT
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: an IPv4 address in disguise
        "3ffe::/16",  # given back
        "3fff::/20",  # documentation
    )
)


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Tell whether an address is global unicast, and no form of IPv6 that leads to some IPv4 address."""
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _REFUSED_4)
    if address.scope_id is not None or address not in _GLOBAL_6:
        return False
    return not any(address in network for network in _REFUSED_6)
