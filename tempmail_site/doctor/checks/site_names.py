"""Names: of the operator, of the hosts, of the domains; and those that are nobody's."""

import re
from collections.abc import Iterator

from django.conf import settings

from mailboxes.models.domains import Domain
from tempmail_site.doctor import looking
from tempmail_site.doctor.findings import Finding, check, fault, ok, warning

# RFC 2606 and 6761, and what people leave where they meant to come back.
_PLACEHOLDER = re.compile(
    r"(^|[.@/])(example|test|invalid|localhost)(:\d+)?$|(^|[.@/])example\.(com|net|org)$"
    r"|change[-_ ]?me|your[-_ .]|todo|xxx",
    re.IGNORECASE,
)
_HOST = re.compile(r"(?!-)[a-z0-9-]{1,63}(\.(?!-)[a-z0-9-]{1,63})+", re.IGNORECASE)
_SETTINGS = (
    "SITE_URL",
    "SMTP_HOSTNAME",
    "AUTHSERV_ID",
    "OPERATOR_NAME",
    "OPERATOR_CONTACT",
    "OPERATOR_ADDRESS",
)


@check("names.operator", "Privacy page, terms and security.txt say who runs this.")
def operator() -> Iterator[Finding]:
    """Who reads these pages has a right to know it."""
    if settings.OPERATOR_NAME:
        yield ok(f"OPERATOR_NAME is {settings.OPERATOR_NAME!r}")
    else:
        words = "OPERATOR_NAME is empty: the pages do not say who runs this"
        yield warning(words, "Set OPERATOR_NAME, and OPERATOR_ADDRESS where the law wants one.")


@check("names.placeholders", "Names out of examples reach nobody.")
def placeholders() -> Iterator[Finding]:
    """What is still as in the documentation."""
    found = False
    for name in _SETTINGS:
        value = str(getattr(settings, name))
        if _PLACEHOLDER.search(value) and not (name == "SITE_URL" and _is_local()):
            found = True
            yield fault(f"{name} is an example: {value!r}", f"Set {name} to your own.")
    if not found:
        yield ok("no setting is an example")


@check("names.smtp_hostname", "Senders compare the name in the greeting with that of the address.")
def smtp_hostname() -> Iterator[Finding]:
    """Full names with a dot."""
    name = settings.SMTP_HOSTNAME
    remedy = "Set SMTP_HOSTNAME to the name that the MX record points to, and render Postfix again."
    if not name:
        yield warning("SMTP_HOSTNAME is not set: it is mx. and the first domain", remedy)
    elif not _HOST.fullmatch(name):
        yield fault(f"SMTP_HOSTNAME is no full name of a host: {name!r}", remedy)
    else:
        yield ok(name)


@check("names.domains", "Without a domain nobody gets an address, and no mail is taken.")
def domains() -> Iterator[Finding]:
    """One that takes mail, one that is offered; none that is an example."""
    accepting = list(Domain.objects.accepting())
    remedy = "manage.py add_domain mail.example, or the admin."
    if not accepting:
        yield fault("no domain takes mail", remedy)
        return
    if not Domain.objects.offered().filter(weight__gt=0).exists():
        yield fault("no domain is offered to visitors", remedy)
    for domain in accepting:
        if _PLACEHOLDER.search(domain.name):
            words = f"{domain.name} is an example: no mail can be sent to it from outside"
            yield warning(words, "Add a domain of your own, and take this one out.")
    yield ok(f"{len(accepting)} take mail")


def _is_local() -> bool:
    return looking.is_for_this_machine_only()
