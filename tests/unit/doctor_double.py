"""A domain in the hands of the doctor: a zone in order on a DNS server of ours, and a mail server that is played."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from mailboxes.models.domains import Domain
from mailboxes.rules.domain_findings import Check, Finding, Level
from mailboxes.services import canary_mail, domain_doctor, domain_tls
from tests import dns_server
from tests.dns_server import DnsServer

NAME, HOST = "box.net", "mx.host.net"


def zone() -> dict[tuple[str, str], list[str]]:
    """All records of a domain that is in order, random subdomains included."""
    sts = '"v=STSv1; id=20261120T120000"'
    return {
        (NAME, "MX"): [f"10 {HOST}."],
        (NAME, "TXT"): ['"v=spf1 -all"', '"google-site-verification=x"'],
        (f"*.{NAME}", "MX"): [f"10 {HOST}."],
        (f"*.{NAME}", "TXT"): ['"v=spf1 -all"'],
        (f"_dmarc.{NAME}", "TXT"): ['"v=DMARC1; p=reject; sp=reject; adkim=s; aspf=s"'],
        (f"_mta-sts.{NAME}", "TXT"): [sts],
        (f"mta-sts.{NAME}", "A"): ["127.0.0.1"],
        (HOST, "A"): ["127.0.0.1"],
        (HOST, "AAAA"): ["::1"],
        ("1.0.0.127.in-addr.arpa", "PTR"): [f"{HOST}."],
        ("1." + "0." * 31 + "ip6.arpa", "PTR"): [f"{HOST}."],
        # others' hosts
        ("mx.other.net", "A"): ["198.51.100.7"],
        ("alias.net", "CNAME"): [f"{HOST}."],
    }


@dataclass
class Patient:
    """A domain, its DNS server, and whether its mail comes."""

    domain: Domain
    server: DnsServer
    accepts: bool = True
    tls: Finding = field(default_factory=lambda: Finding(Check.TLS, Level.OK, "valid"))

    def publish(self, name: str, kind: str, *texts: str) -> None:
        """Replace records; none remain where no text is given."""
        self.server.records[name, kind] = list(texts)
        if not texts:
            del self.server.records[name, kind]

    def check(self, **options: Any) -> domain_doctor.Report:
        return domain_doctor.check(self.domain, **options)

    def found(self, check: Check) -> list[Finding]:
        """Return what a visit finds at one point."""
        return [each for each in self.check(delivery=False).findings if each.check == check]


@pytest.fixture
def patient(db: None, settings: Any, monkeypatch: Any, deliver: Callable[..., Any]) -> Any:
    """A domain that is in order, but for MTA-STS, which no web server answers for."""
    settings.SMTP_HOSTNAME, settings.PUBLIC_ADDRESSES = HOST, ["127.0.0.1", "::1"]
    domain = Domain.objects.create(name=NAME, subdomains=Domain.Subdomains.RANDOM)
    with dns_server.running() as server:
        settings.DNS_RESOLVERS = [server.place]
        server.records |= zone()
        made = Patient(domain, server)

        def send(message: Any, recipient: str, deadline: float) -> float:
            if not made.accepts:
                raise canary_mail.Refused
            deliver(recipient, raw=message.as_bytes())
            return time.monotonic()

        monkeypatch.setattr(canary_mail, "send", send)
        monkeypatch.setattr(domain_tls, "check", lambda host: made.tls)
        yield made
