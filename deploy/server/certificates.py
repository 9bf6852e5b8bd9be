"""Certificates: a self-signed one until certbot gets one of Let's Encrypt, and Postfix's chain of either."""

import tempfile
from pathlib import Path

from deploy.server import commands, dns_question, files, layout, record
from deploy.server.options import Options
from deploy.server.steps import Step

# Whatever they come from, programs read them here: certbot's hook puts a new one in the same places.
KEY, FULL = layout.TLS / "privkey.pem", layout.TLS / "fullchain.pem"
CHAIN = layout.TLS / "smtp.pem"  # key first: postconf(5), smtpd_tls_chain_files
_HOOK = layout.CURRENT / "deploy" / "certbot" / "deploy-hook.sh"
_PRIVATE = files.Owner(mode=0o600)
_DAYS = "3650"


def steps(wanted: Options) -> list[Step]:
    """A certificate of some kind, and the file that Postfix reads."""
    return [
        Step(
            "self-signed certificate",
            lambda: "" if FULL.exists() and KEY.exists() else f"{FULL} is not there",
            lambda: _make(wanted),
        ),
        Step(
            "certificate of the mail server",
            lambda: files.differs(CHAIN, _chain(), _PRIVATE),
            _write_chain,
        ),
    ]


def wanting(wanted: Options) -> str:
    """Return what Let's Encrypt is to be asked for, '' where there is nothing to ask."""
    place = Path("/etc/letsencrypt/live") / wanted.site_host / "fullchain.pem"
    return "" if not wanted.email or place.exists() else ", ".join(names(wanted))


def order(wanted: Options) -> None:
    """Ask; the hook puts the answer in place. Raises CommandFailed: the next run asks again."""
    hosts = [word for name in names(wanted) for word in ("-d", name)]
    place = ("--webroot", "-w", str(layout.ACME), "--cert-name", wanted.site_host)
    who = ("--non-interactive", "--agree-tos", "--no-eff-email", "-m", wanted.email)
    kind = ("--key-type", "ecdsa", "--deploy-hook", str(_HOOK))
    commands.run("certbot", "certonly", *place, *who, *kind, *hosts)


def names(wanted: Options) -> list[str]:
    """Return the names that a certificate is ordered for: the site's, the MX host's, mta-sts. where it leads here."""
    found = [wanted.site_host]
    if wanted.mx_host != wanted.site_host:
        found.append(wanted.mx_host)
    policy_host = f"mta-sts.{wanted.domain}"
    return [*found, policy_host] if _leads_here(policy_host, wanted) else found


def _leads_here(host: str, wanted: Options) -> bool:
    resolvers = dns_question.system_resolvers()
    try:
        here = set(dns_question.ask(wanted.site_host, "A", resolvers))
        return bool(here & set(dns_question.ask(host, "A", resolvers)))
    except dns_question.NoAnswer:
        return False


def _make(wanted: Options) -> None:
    hosts = dict.fromkeys((wanted.site_host, wanted.mx_host))
    alternatives = ",".join(f"DNS:{host}" for host in hosts)
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    with tempfile.TemporaryDirectory(dir=layout.TLS) as scratch:
        key, full = Path(scratch) / "key", Path(scratch) / "full"
        made = (
            "-days",
            _DAYS,
            "-subj",
            f"/CN={wanted.site_host}",
            "-addext",
            f"subjectAltName={alternatives}",
        )
        commands.run("openssl", "req", "-x509", *curve, *made, "-keyout", key, "-out", full)
        files.write(KEY, key.read_text(), _PRIVATE)
        files.write(FULL, full.read_text(), files.Owner(mode=0o644))


def _chain() -> str:
    return KEY.read_text() + FULL.read_text() if KEY.exists() and FULL.exists() else ""


def _write_chain() -> None:
    record.owe("reload-postfix")
    files.write(CHAIN, _chain(), _PRIVATE)
