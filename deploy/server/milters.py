"""`--with-authentication`: the milters that check SPF, DKIM and DMARC, as deploy/milters/ says."""

from pathlib import Path

from deploy.server import env_files, layout
from deploy.server.options import Options

SERVICES = ("opendkim", "opendmarc", "pyspf-milter")


def packages(tree: Path = layout.SOURCE) -> tuple[str, ...]:
    """Return the Debian packages that are needed: those that deploy/milters/packages names."""
    return tuple((tree / "deploy" / "milters" / "packages").read_text().split())


def settings(wanted: Options, tree: Path = layout.SOURCE) -> dict[str, str]:
    """Return the settings that have Postfix ask them (deploy/milters/settings.env)."""
    return {
        **env_files.read(tree / "deploy" / "milters" / "settings.env"),
        "AUTHSERV_ID": wanted.mx_host,
    }
