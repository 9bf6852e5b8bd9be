"""Settings: what Django's own checks say, and whether values fit each other."""

import ipaddress
from collections.abc import Iterator
from urllib.parse import urlsplit

from django.conf import settings
from django.core import checks
from django.http.request import validate_host

from tempmail_site.doctor import looking
from tempmail_site.doctor.findings import Finding, check, fault, ok, warning

_SHORTEST_PREFIX = {4: 8, 6: 16}
_ORDERED = (
    ("DEFAULT_LIFETIME", "MAX_LIFETIME", "visitors are offered more than the longest"),
    ("MAX_LIFETIME", "QUEUE_LIFETIME", "accepted mail is given up while its mailbox lives"),
    ("MESSAGE_SIZE_LIMIT", "MAILBOX_MAX_BYTES", "one message is more than a mailbox holds"),
)


@check(
    "settings.checks", "What `manage.py check --deploy` refuses does not work, or does not hold."
)
def system_checks() -> Iterator[Finding]:
    """On plain HTTP, as on a developer's machine, what only HTTPS can fulfil is not asked for."""
    messages = checks.run_checks(include_deployment_checks=bool(settings.SECURE))
    heard = [message for message in messages if not message.is_silenced()]
    for message in heard:
        say = fault if message.level >= checks.ERROR else warning
        remedy = message.hint or "See the settings' table of the README."
        yield say(f"{message.id}: {message.msg}", remedy)
    if not heard:
        yield ok("Django's checks have nothing to complain of")


@check("settings.debug", "With DEBUG a failing page shows strangers the program's variables.")
def debug() -> Iterator[Finding]:
    """Never on a site that others can reach."""
    if not settings.DEBUG:
        yield ok("DEBUG is off")
    elif looking.is_for_this_machine_only():
        yield warning("DEBUG is on", "Unset DEBUG, and restart the site.")
    else:
        yield fault(f"DEBUG is on, and the site is {settings.SITE_URL}", "Unset DEBUG at once.")


@check("settings.site_url", "Links, cookies and security headers follow SITE_URL.")
def site_url() -> Iterator[Finding]:
    """A scheme and a host, nothing behind them."""
    try:
        parts = urlsplit(settings.SITE_URL)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    form = "Set SITE_URL to the scheme and host that visitors type: https://mail.example"
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        yield fault(f"SITE_URL is no address of a site: {settings.SITE_URL!r}", form)
    elif parts.path or parts.query or parts.fragment or parts.username:
        yield fault(f"SITE_URL has more than scheme and host: {settings.SITE_URL!r}", form)
    elif parts.scheme == "https":
        yield ok(settings.SITE_URL + (f" (port {port})" if port else ""))
    elif looking.is_for_this_machine_only():
        yield warning(f"SITE_URL is {settings.SITE_URL}: for this machine only", form)
    else:
        words = f"SITE_URL is {settings.SITE_URL}: tokens travel in clear"
        yield fault(words, "Get a certificate and set SITE_URL to https://")


@check("settings.allowed_hosts", "The site answers for these names only; others get 400.")
def allowed_hosts() -> Iterator[Finding]:
    """The site's own name has to be among them, and not every name."""
    host = looking.site_host()
    if "*" in settings.ALLOWED_HOSTS:
        words = "ALLOWED_HOSTS lets every name in: pages could be made to link elsewhere"
        yield fault(words, f"Set ALLOWED_HOSTS={host}")
    elif not validate_host(f"[{host}]" if ":" in host else host, settings.ALLOWED_HOSTS):
        words = f"{host}, the host of SITE_URL, is not in ALLOWED_HOSTS: each page is a 400"
        yield fault(words, f"Add it: ALLOWED_HOSTS={','.join([*settings.ALLOWED_HOSTS, host])}")
    else:
        yield ok(", ".join(settings.ALLOWED_HOSTS))


@check("settings.trusted_proxies", "Whose X-Forwarded-For is believed: limits count by it.")
def trusted_proxies() -> Iterator[Finding]:
    """Nobody trusted behind a proxy: all visitors are one. Everybody trusted: each visitor is whom they like."""
    wide, wrong = [], []
    for text in settings.TRUSTED_PROXIES:
        try:
            network = None if text == "unix" else ipaddress.ip_network(text)
        except ValueError:
            wrong.append(text)
            continue
        if network and network.prefixlen < _SHORTEST_PREFIX[network.version]:
            wide.append(text)
    form = "Set TRUSTED_PROXIES to the address of the proxy as the site sees it (127.0.0.1), or `unix`."
    for text in wrong:
        yield fault(f"TRUSTED_PROXIES has {text!r}, which is no network: requests fail", form)
    for text in wide:
        yield fault(f"TRUSTED_PROXIES has {text}: anybody may claim any address", form)
    if settings.SECURE and not settings.TRUSTED_PROXIES:
        words = "SITE_URL is https, so there is a proxy, but TRUSTED_PROXIES is empty: all are one client"
        yield fault(words, form)
    elif not wrong and not wide:
        yield ok(", ".join(settings.TRUSTED_PROXIES) or "nobody is")


@check("settings.lifetimes", "Mail and mailboxes live as long as these settings say together.")
def lifetimes() -> Iterator[Finding]:
    """Values that contradict each other."""
    found = False
    for low_name, high_name, why in _ORDERED:
        low, high = getattr(settings, low_name), getattr(settings, high_name)
        if low > high:
            found = True
            words = f"{low_name} ({low}) is above {high_name} ({high}): {why}"
            yield fault(words, f"Set {high_name} to at least {low}.")
    if not found:
        yield ok("they fit each other")
