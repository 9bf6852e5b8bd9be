"""IP addresses and networks as people and programs write them, and many networks asked at once."""

import ipaddress
import math
import re
from collections.abc import Iterable

from mailboxes.rules.errors import InvalidNetwork

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_MAPPED = ipaddress.IPv6Network("::ffff:0:0/96")
_LONGEST = 64  # characters; an IPv6 address with its prefix has at most 49
# Shorter prefixes than these are taken for a slip: 0.0.0.0/0 would stop all mail.
_SHORTEST_PREFIX = {4: 8, 6: 16}
_CLIENT_PREFIX = 64  # one customer has at least that much of IPv6


def parse_address(text: str) -> Address | None:
    """Return an address, the IPv4 one in place of its mapping into IPv6 (RFC 4291 2.5.5.2); None if it is none."""
    if len(text) > _LONGEST:
        return None
    try:
        parsed = ipaddress.ip_address(text)
    except ValueError:
        return None
    return getattr(parsed, "ipv4_mapped", None) or parsed


def parse_network(text: str) -> Network:
    """Return the network of an address or of address/prefix, mapped IPv4 as IPv4. Raises InvalidNetwork."""
    try:
        network = ipaddress.ip_network(text.strip()[:_LONGEST], strict=False)
    except ValueError:
        raise InvalidNetwork from None
    if isinstance(network, ipaddress.IPv6Network) and network.subnet_of(_MAPPED):
        low = int(network.network_address) & 0xFFFF_FFFF
        network = ipaddress.IPv4Network((low, network.prefixlen - _MAPPED.prefixlen))
    if network.prefixlen < _SHORTEST_PREFIX[network.version]:
        raise InvalidNetwork
    return network


def client_network(address: Address) -> str:
    """Return what counts as one client: an IPv4 address, or the /64 of an IPv6 one."""
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.IPv6Network((int(address), _CLIENT_PREFIX), strict=False))
    return str(address)


def table(texts: Iterable[str]) -> "NetworkTable":
    """Return the table of networks without a deadline; IPv6 may stand in brackets. Raises InvalidNetwork."""
    return NetworkTable((parse_network(re.sub(r"[\[\]]", "", text)), math.inf) for text in texts)


class NetworkTable:
    """Networks, each with a deadline; a question costs one look for each length of prefix among them."""

    def __init__(self, networks: Iterable[tuple[Network, float]]) -> None:
        self._tables: dict[tuple[int, int], dict[int, float]] = {}
        for network, deadline in networks:
            shift = network.max_prefixlen - network.prefixlen
            table = self._tables.setdefault((network.version, shift), {})
            bits = int(network.network_address) >> shift
            table[bits] = max(deadline, table.get(bits, deadline))

    def holds(self, address: Address, now: float) -> bool:
        """Tell whether a network whose deadline is not over has this address."""
        bits = int(address)
        return any(
            version == address.version and table.get(bits >> shift, now) > now
            for (version, shift), table in self._tables.items()
        )
