"""The domain doctor's findings in words: what is the case, and what follows from it."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from mailboxes.rules.domain_findings import Check, Finding, Level

CHECKS: Mapping[Check, Promise] = {
    Check.MX: _("MX"),
    Check.WILDCARD: _("MX of random subdomains"),
    Check.ADDRESS: _("Address of the MX"),
    Check.REVERSE: _("Reverse name (PTR)"),
    Check.SPF: _("SPF"),
    Check.DMARC: _("DMARC"),
    Check.MTA_STS: _("MTA-STS"),
    Check.TLS: _("Encryption (STARTTLS)"),
    Check.BLOCKLIST: _("Public list of disposable domains"),
    Check.DELIVERY: _("Delivery on this host"),
}
LEVELS: Mapping[Level, Promise] = {
    Level.OK: _("in order"),
    Level.ADVICE: _("could be better"),
    Level.WARNING: _("not right"),
    Level.FAULT: _("broken"),
    Level.UNKNOWN: _("not known"),
}
_MX_WORDS = {
    "here": _("Mail comes here."),
    "no-name": _("The name does not exist in the DNS: no mail can come."),
    "none": _("There is no MX record: no mail comes, or it goes to the address of the website."),
    "null": _("A null MX says that this domain takes no mail at all (RFC 7505)."),
    "elsewhere": _("Mail goes to other hosts and never comes here."),
    "unresolved": _(
        "Mail goes to other names, of which nobody could say whether they are this host."
    ),
    "not-only-here": _("Some mail goes to other hosts and never comes here."),
    "alias": _("The MX is an alias (CNAME), which some senders refuse (RFC 2181 10.3)."),
}
_WORDS: Mapping[Check, Mapping[str, Promise]] = {
    Check.MX: _MX_WORDS,
    Check.WILDCARD: _MX_WORDS,
    Check.ADDRESS: {
        "here": _("The MX leads to this host."),
        "public": _(
            "The MX leads to the internet. PUBLIC_ADDRESSES is not set, so that nobody knows whether here."
        ),
        "none": _(
            "The MX has no address: no mail can come. Without PUBLIC_ADDRESSES no record can be shown."
        ),
        "private": _("The MX has an address that nobody outside can reach."),
        "elsewhere": _("The MX leads to addresses that are not in PUBLIC_ADDRESSES."),
        "missing": _("The MX lacks an address of this host."),
    },
    Check.REVERSE: {
        "matches": _("The address has the name of the MX."),
        "none": _("The address has no name. Whoever owns the network can give it one."),
        "other": _(
            "The address has another name than the MX. Whoever owns the network can change it."
        ),
    },
    Check.SPF: {
        "rejects": _("It says that nobody sends mail as this domain, which is true."),
        "none": _("Anybody can send mail as this domain, and it looks genuine."),
        "several": _("There are several records: they count as none (RFC 7208 4.5)."),
        "senders": _("It lets hosts send as this domain; none of ours does."),
        "soft": _("It does not end in -all: forged mail is let through."),
    },
    Check.DMARC: {
        "rejects": _("Others are asked to refuse forged mail."),
        "none": _("Others are not asked to refuse forged mail."),
        "several": _("There are several records: they count as none (RFC 7489 6.6.3)."),
        "weak": _("It does not ask to refuse all forged mail, of subdomains too."),
    },
    Check.MTA_STS: {
        "enforced": _("Senders that know MTA-STS insist on encryption and on our name."),
        "none": _(
            "Optional: with it, senders that know MTA-STS insist on encryption and on our name. It needs a "
            "certificate of a public authority for the MX, and a web server for the file."
        ),
        "record-wrong": _("The record is not valid, or there are several: senders leave it out."),
        "unreachable": _(
            "There is a record, and no policy where it should be: senders leave it out."
        ),
        "not-a-policy": _("What is where the policy should be is none: senders leave it out."),
        "not-enforced": _("The policy is not enforced."),
        "forbids": _(
            "The policy forbids an MX of this domain: senders that know MTA-STS do not deliver."
        ),
    },
    Check.TLS: {
        "valid": _("The certificate is valid, for the name of the MX, and senders can trust it."),
        "untrusted": _(
            "No public authority vouches for the certificate. Senders encrypt all the same; with MTA-STS "
            "they would not deliver."
        ),
        "not-offered": _("Mail comes unencrypted: the mail server does not offer STARTTLS."),
        "no-answer": _("The mail server of this host did not answer."),
        "unreadable": _("The certificate cannot be read."),
        "expired": _("The certificate has expired."),
        "not-yet": _("The certificate is not valid yet."),
        "soon": _("The certificate expires within two weeks."),
        "other-name": _("The certificate is for other names than that of the MX."),
    },
    Check.BLOCKLIST: {
        "not-listed": _(
            "It is not on the list (the package disposable-email-domains, as of its version)."
        ),
        "listed": _(
            "It is on the list: sites that go by it refuse its addresses. It is chosen less often."
        ),
    },
    Check.DELIVERY: {
        "delivered": _("A message to a new address was delivered and read."),
        "no-mailbox": _("No address could be made."),
        "refused": _("The mail server did not accept a message."),
        "late": _("A message was accepted, and had not come six seconds later."),
        "unreadable": _("What came could not be read."),
    },
}
_DNS: Mapping[str, Promise] = {
    "dns-time": _("No DNS server answered in time."),
    "dns-server": _("The DNS server failed (SERVFAIL): the zone may be broken, or its signatures."),
    "dns-refused": _(
        "The DNS server is not responsible for this name: a lame delegation, or a resolver that is not ours."
    ),
    "dns-unreadable": _(
        "The answer of the DNS server makes no sense: malformed, or aliases without an end."
    ),
    "dns-resolver": _("There is no resolver to ask: set DNS_RESOLVERS."),
    "dns-not-asked": _(
        "The name is reserved and never on the internet: nobody was asked. Set DNS_RESOLVERS to ask a "
        "resolver of your own."
    ),
}


def words(finding: Finding) -> str:
    """Return a finding in words."""
    known = _WORDS[finding.check].get(finding.code) or _DNS.get(finding.code)
    return str(known or finding.code)
