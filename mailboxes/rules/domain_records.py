"""Records in the DNS that say a domain sends no mail and how it gets it: how to judge one, and how to write it."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

from mailboxes.rules.domain_findings import Check, Finding, Level

Address = IPv4Address | IPv6Address

# MTA-STS (RFC 8461): how long a sender remembers the policy. A week is what section 3.2 calls practical at least.
STS_SECONDS = 604_800
_STS_ID = re.compile(r"[A-Za-z0-9]{1,32}", re.ASCII)
_STS_LARGEST = 31_557_600


def mx(name: str, host: str) -> str:
    """Return the record that sends mail for a name to a host."""
    return f"{name}. IN MX 10 {host}."


def address(host: str, one: Address) -> str:
    """Return the record that gives a host an address."""
    return f"{host}. IN {'A' if one.version == 4 else 'AAAA'} {one}"


def reverse(one: Address, host: str) -> str:
    """Return the record that gives an address its name. Whoever owns the network publishes it."""
    return f"{one.reverse_pointer}. IN PTR {host}."


def spf(name: str) -> str:
    """Return the record that says: nobody sends mail as this name (RFC 7208)."""
    return f'{name}. IN TXT "v=spf1 -all"'


def dmarc(name: str) -> str:
    """Return the record that asks others to refuse mail that pretends to be of this name (RFC 7489)."""
    return f'_dmarc.{name}. IN TXT "v=DMARC1; p=reject; sp=reject; adkim=s; aspf=s"'


def sts(name: str, host: str, number: str) -> str:
    """Return the record of MTA-STS, and below it the file that belongs to it."""
    return (
        f'_mta-sts.{name}. IN TXT "v=STSv1; id={number}"\n\n'
        f"https://mta-sts.{name}/.well-known/mta-sts.txt\n"
        f"version: STSv1\nmode: enforce\nmx: {host}\nmax_age: {STS_SECONDS}"
    )


def judge_spf(texts: Iterable[str], name: str) -> Finding:
    """Judge the TXT records of a name: exactly one is of SPF, and it lets nobody send."""
    found = [text for text in texts if re.match(r"v=spf1( |$)", text, re.IGNORECASE)]
    level, code = Level.WARNING, ""
    if not found:
        code = "none"
    elif len(found) > 1:
        code = "several"
    elif (terms := found[0].lower().split()[1:]) == ["-all"]:
        level, code = Level.OK, "rejects"
    else:
        code = "senders" if terms[-1:] == ["-all"] else "soft"
    return Finding(Check.SPF, level, code, " ".join(found), "" if level == Level.OK else spf(name))


def judge_dmarc(texts: Iterable[str], name: str) -> Finding:
    """Judge the TXT records of `_dmarc.` a name: one is of DMARC, and asks to reject all, also below the name."""
    found = [text for text in texts if re.match(r"v\s*=\s*DMARC1\s*(;|$)", text)]
    if len(found) != 1:
        code = "several" if found else "none"
    elif _rejects_all(_tags(found[0])):
        return Finding(Check.DMARC, Level.OK, "rejects", found[0])
    else:
        code = "weak"
    return Finding(Check.DMARC, Level.WARNING, code, " ".join(found), dmarc(name))


def judge_sts_record(texts: Iterable[str]) -> str | None:
    """Return the TXT record of MTA-STS if there is exactly one that is right (RFC 8461 3.1)."""
    found = [text for text in texts if re.match(r"v=STSv1\s*;", text)]
    if len(found) != 1 or not _STS_ID.fullmatch(_tags(found[0]).get("id", "")):
        return None
    return found[0]


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy of MTA-STS: its mode, and the patterns of MX hosts that it allows."""

    mode: str
    patterns: tuple[str, ...]

    def allows(self, host: str) -> bool:
        """Tell whether a host is allowed; `*.` stands for one label (RFC 8461 4.1)."""
        above = "*." + host.partition(".")[2]
        return any(pattern.lower().removesuffix(".") in (host, above) for pattern in self.patterns)


def parse_policy(body: bytes) -> Policy | None:
    """Return what a policy file says; None where it is none (RFC 8461 3.2)."""
    fields: dict[str, list[str]] = {}
    for line in body.decode("utf-8", "replace").splitlines():
        key, colon, value = line.partition(":")
        if colon:
            fields.setdefault(key.strip(), []).append(value.strip())
    first: Mapping[str, str] = {key: values[0] for key, values in fields.items()}
    mode, age = first.get("mode", ""), first.get("max_age", "")
    is_age = re.fullmatch(r"[0-9]{1,10}", age, re.ASCII) and int(age) <= _STS_LARGEST
    if first.get("version") != "STSv1" or mode not in ("enforce", "testing", "none") or not is_age:
        return None
    patterns = tuple(fields.get("mx", ()))
    return Policy(mode, patterns) if patterns or mode == "none" else None


def judge_policy(policy: Policy | None, hosts: Sequence[str], record: str) -> Finding:
    """Judge a policy: it has to allow every host that the MX records name, or senders that keep to it stay away."""
    if policy is None:
        return Finding(Check.MTA_STS, Level.WARNING, "not-a-policy", record=record)
    seen = f"mode: {policy.mode} " + " ".join(f"mx: {each}" for each in policy.patterns)
    if policy.mode != "enforce":
        return Finding(Check.MTA_STS, Level.ADVICE, "not-enforced", seen, record)
    if not all(policy.allows(host) for host in hosts):
        return Finding(Check.MTA_STS, Level.FAULT, "forbids", seen, record)
    return Finding(Check.MTA_STS, Level.OK, "enforced", seen)


def is_listed(name: str, names: frozenset[str] | set[str]) -> str | None:
    """Return the name by which a domain is on a list: its own or one above it."""
    labels = name.split(".")
    above = (".".join(labels[start:]) for start in range(len(labels) - 1))
    return next((each for each in above if each in names), None)


def _rejects_all(tags: Mapping[str, str]) -> bool:
    policy = tags.get("p", "").lower()
    below = tags.get("sp", policy).lower()
    return (policy, below) == ("reject", "reject") and tags.get("pct", "100") == "100"


def _tags(text: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in text.split(";"))
    return {key.strip().lower(): value.strip() for key, _, value in pairs}
