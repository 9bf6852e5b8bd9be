"""URLs that a webhook may have: taken apart once, by a pattern, so that no second parser can read another host.

Only what stands in the URL is judged here. Which addresses a name has is asked when something is sent to it.
"""

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address

from mailboxes.rules.errors import WebhookRefused
from mailboxes.rules.networks import client_network
from mailboxes.rules.webhook_networks import is_public

LONGEST = 1000  # characters
PORTS = frozenset({443, 8443})
# As a schema says it (RFC 3986: ASCII only, so a name is given as A-labels). What passes is judged further.
PATTERN = r"^https?://[!-~]+$"

_URL = re.compile(
    r"(https?)://"
    r"(?:\[([0-9A-Fa-f:.]{2,45})\]|([A-Za-z0-9](?:[A-Za-z0-9._-]{0,252})))"
    r"(?::([1-9][0-9]{0,4}))?"
    r"([/?][!$%&'()*+,\-./0-9:;=?@A-Z_a-z~]*)?",
    re.ASCII,
)
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)", re.ASCII)
# A last label of this form makes the whole name an IPv4 address in some of its spellings (WHATWG URL 3.5).
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*", re.ASCII)
# Names that mean this machine or its network (RFC 6761, RFC 6762, RFC 8375, and what ICANN reserved), or nobody.
_LOCAL = frozenset({"localhost", "localdomain", "local", "internal", "intranet", "lan", "onion"})
_LOCAL_ENDS = (".home.arpa", ".in-addr.arpa", ".ip6.arpa")


@dataclass(frozen=True, slots=True)
class Target:
    """Where to send: a host name or a literal address (without brackets), a port, and what is asked for there."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def is_literal(self) -> bool:
        """Whether the host is an address and no name."""
        return ":" in self.host or bool(_NUMBER.fullmatch(self.host.rpartition(".")[2]))

    @property
    def host_header(self) -> str:
        """The value of the Host field (RFC 9110 7.2)."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        is_default = self.port == _default_port(self.scheme)
        return host if is_default else f"{host}:{self.port}"

    @property
    def domain(self) -> str:
        """The part of a name that one owner has, or nearly: its last two labels. Of an address, what is one client."""
        if self.is_literal:
            return client_network(ip_address(self.host))
        return ".".join(self.host.split(".")[-2:])

    @property
    def is_usual(self) -> bool:
        """Whether strangers may be sent to this way: encrypted, and to a port of the web."""
        return self.scheme == "https" and self.port in PORTS


def parse(text: str) -> Target:
    """Return what a URL means; raise WebhookRefused where it is none, has user or fragment, or an odd host."""
    found = _URL.fullmatch(text) if len(text) <= LONGEST else None
    if found is None:
        raise WebhookRefused
    scheme, ipv6, name, port, path = found.groups()
    number = int(port) if port else _default_port(scheme)
    if number > 65_535:
        raise WebhookRefused
    host = _ipv6(ipv6) if ipv6 else _name(name.lower())
    path = path or "/"
    return Target(scheme, host, number, path if path.startswith("/") else f"/{path}")


def check_public(target: Target) -> None:
    """Raise WebhookRefused for what the URL itself shows to be none of the public web."""
    if not target.is_usual:
        raise WebhookRefused
    if target.is_literal:
        if not is_public(ip_address(target.host)):
            raise WebhookRefused
    elif _is_local(target.host):
        raise WebhookRefused


def _default_port(scheme: str) -> int:
    return 443 if scheme == "https" else 80


def _ipv6(text: str) -> str:
    try:
        return str(IPv6Address(text))
    except ValueError:
        raise WebhookRefused from None


def _name(name: str) -> str:
    name = name.removesuffix(".")
    labels = name.split(".")
    if len(name) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise WebhookRefused
    if _NUMBER.fullmatch(labels[-1]):
        try:
            return str(
                IPv4Address(name)
            )  # four decimal numbers without leading zeros, and nothing else
        except ValueError:
            raise WebhookRefused from None
    return name


def _is_local(name: str) -> bool:
    return "." not in name or name.rpartition(".")[2] in _LOCAL or f".{name}".endswith(_LOCAL_ENDS)
