"""What the administrator wants: the options of deploy/install.sh, noted for the next run."""

import argparse
import json
import re
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from urllib.parse import urlsplit

from deploy.server import files, layout
from deploy.server.steps import Refused

_HOST = re.compile(
    r"(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]"
)
_MAIL = re.compile(r"[A-Za-z0-9._+-]{1,64}@[A-Za-z0-9.-]{1,255}")
_NOTES = files.Owner(mode=0o644)


@dataclass(frozen=True, slots=True)
class Options:
    """What lasts: noted in /etc/tempmail/install.json, so that an upgrade needs no options."""

    domain: str
    site: str
    email: str = ""
    mx: str = ""
    with_authentication: bool = False
    ssh_port: int = 22

    @property
    def site_host(self) -> str:
        """The host name of the site's URL."""
        return urlsplit(self.site).hostname or ""

    @property
    def mx_host(self) -> str:
        """The name that MX records lead to; the site's host unless it was said."""
        return self.mx or self.site_host


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    made = argparse.ArgumentParser("install.sh", description="Installs or upgrades a server.")
    add = made.add_argument
    add("--domain", metavar="NAME", help="that mail is taken for: mail.example")
    add("--site", metavar="URL", help="where the site is: https://mail.example")
    add(
        "--email",
        metavar="ADDRESS",
        help="for Let's Encrypt; without one the certificate is self-signed",
    )
    add(
        "--mx",
        metavar="HOST",
        help="the name that the domain's MX record leads to (the site's host)",
    )
    add(
        "--with-authentication",
        action=argparse.BooleanOptionalAction,
        help="check SPF, DKIM and DMARC",
    )
    add("--ssh-port", type=int, metavar="PORT", help="that the firewall leaves open (22)")
    add("--skip-dns", action="store_true", help="do not look at DNS records first")
    add("--replace-mta", action="store_true", help="take the place of another mail server here")
    add("--dry-run", action="store_true", help="say what would be done, and change nothing")
    add("--self-test", action="store_true", help="only try the installed service")
    add("--rollback", action="store_true", help="go back to the release before this one")
    add("--uninstall", action="store_true", help="remove the service; its data and keys stay")
    add(
        "--purge-data",
        action="store_true",
        help="with --uninstall: data, keys and queue too, for good",
    )
    return made


def options(arguments: argparse.Namespace) -> Options:
    """Return what the command line says, and for the rest what an earlier run has noted. Raises Refused."""
    known = {field.name for field in fields(Options)}
    said = {
        name: value
        for name, value in vars(arguments).items()
        if name in known and value is not None
    }
    merged = {**noted(), **said}
    if not (merged.get("domain") and merged.get("site")):
        raise Refused("the first time it needs --domain NAME and --site https://HOST")
    found = Options(**merged)
    _check(found)
    return found


def noted(record: Path = layout.RECORD) -> dict[str, object]:
    """Return the options that an earlier run has noted."""
    try:
        found = json.loads(record.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    known = {field.name for field in fields(Options)}
    return {name: value for name, value in found.get("options", {}).items() if name in known}


def as_noted(wanted: Options) -> dict[str, object]:
    """Return what `noted` is to find."""
    return asdict(wanted)


def _check(found: Options) -> None:
    url = urlsplit(found.site)
    if url.scheme != "https" or url.path.strip("/") or url.query or url.port not in {None, 443}:
        raise Refused(f"--site is https://HOST and nothing more, not {found.site!r}")
    for option, name in (
        ("--domain", found.domain),
        ("--site", found.site_host),
        ("--mx", found.mx_host),
    ):
        if not _HOST.fullmatch(name):
            raise Refused(f"{option}: {name!r} is not a host name (lower case, IDNA)")
    if found.email and not _MAIL.fullmatch(found.email):
        raise Refused(f"--email: {found.email!r} is not a mail address")
    if not 0 < found.ssh_port < 65536:
        raise Refused("--ssh-port is a number from 1 to 65535")
