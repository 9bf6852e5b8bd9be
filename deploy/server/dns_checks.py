"""Looks at the DNS records before anything is changed: does mail, and do visitors, find this host?"""

import json
from collections.abc import Callable, Iterator
from ipaddress import ip_address

from deploy.server import commands, dns_question
from deploy.server.dns_question import NoAnswer
from deploy.server.options import Options
from deploy.server.steps import Refused

Ask = Callable[[str, str], list[str]]


def refuse(wanted: Options, ask: Ask | None = None, own: set[str] | None = None) -> list[str]:
    """Return warnings. Raises Refused where mail or visitors could not come."""
    resolvers = dns_question.system_resolvers()
    asked: Ask = ask or (lambda name, kind: dns_question.ask(name, kind, resolvers))
    try:
        faults = list(_faults(wanted, asked))
        if faults:
            raise Refused("\n".join([*faults, "Set these records, or do it later: --skip-dns"]))
        return list(_warnings(wanted, asked, own_addresses() if own is None else own))
    except NoAnswer as error:
        raise Refused(f"{error}: is there a network? (--skip-dns does not look)") from None


def own_addresses() -> set[str]:
    """Return the addresses of this host's interfaces that others could reach."""
    done = commands.attempt("ip", "-json", "address", "show", "scope", "global")
    interfaces = json.loads(done.stdout or "[]")
    return {
        each["local"]
        for found in interfaces
        for each in found.get("addr_info", [])
        if "local" in each and not each.get("temporary")  # RFC 8981: of a day
    }


def public_addresses() -> list[str]:
    """Return those of them by which the internet knows this host: none behind NAT."""
    return sorted(address for address in own_addresses() if ip_address(address).is_global)


def _addresses(host: str, ask: Ask) -> list[str]:
    return [*ask(host, "A"), *ask(host, "AAAA")]


def _faults(wanted: Options, ask: Ask) -> Iterator[str]:
    for host in dict.fromkeys((wanted.site_host, wanted.mx_host)):
        if not _addresses(host, ask):
            yield f"{host} has no address (A, AAAA)"
    hosts = ask(wanted.domain, "MX")
    if not hosts:
        yield f"{wanted.domain} has no MX record: {wanted.domain}. MX 10 {wanted.mx_host}."
    elif wanted.mx_host not in hosts:
        yield f"{wanted.domain}'s MX is {', '.join(hosts)}, not {wanted.mx_host} (--mx HOST)"


def _warnings(wanted: Options, ask: Ask, own: set[str]) -> Iterator[str]:
    for host in dict.fromkeys((wanted.site_host, wanted.mx_host)):
        others = [address for address in _addresses(host, ask) if address not in own]
        if others:
            yield f"{host} leads to {', '.join(others)}, which is no address of this host's (behind NAT it is none)"
    for address in _addresses(wanted.mx_host, ask):
        names = ask(dns_question.reverse_name(address), "PTR")
        if wanted.mx_host not in names:
            yield f"{address} has the reverse name {', '.join(names) or 'none'}; some senders want {wanted.mx_host}"
