"""Postfix's configuration for this server, rendered by the release's own `manage.py render_postfix`."""

import tempfile
from pathlib import Path

from deploy.server import certificates, commands, environment, files, layout
from deploy.server.options import Options

CONFIG = Path("/etc/postfix")
NAMES = ("main.cf", "master.cf", "delivery_status", "header_checks")


def words(wanted: Options) -> dict[str, str]:
    """Return what is not a setting: on all addresses, port 25, with the certificate."""
    return {
        "listen": "smtp",
        "inet_interfaces": "all",
        "inet_protocols": "all",
        "tls_chain_file": str(certificates.CHAIN),
        "hostname": wanted.mx_host,
    }


def texts(wanted: Options, place: Path) -> dict[Path, str]:
    """Return the files by where they belong. Rendered by the owner of the tables: root never opens the database."""
    options = [
        word for name, value in words(wanted).items() for word in ("--set", f"{name}={value}")
    ]
    with tempfile.TemporaryDirectory(prefix="tempmail-postfix-") as scratch:
        files.give(Path(scratch), files.Owner(layout.OWNER, layout.GROUP, 0o700))
        environment.manage("render_postfix", "--output", scratch, *options, release=place)
        return {CONFIG / name: (Path(scratch) / name).read_text(encoding="ascii") for name in NAMES}


def set_defaults() -> None:
    """Have Postfix's own directories with their owners (postfix(1) set-permissions, post-install)."""
    commands.run("postfix", "check")
