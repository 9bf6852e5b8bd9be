"""Looks at the machine before anything is changed: system, memory, disk, ports, other mail servers."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from deploy.server import commands, layout, listening, packages
from deploy.server.options import Options
from deploy.server.steps import Refused

_LEAST_DEBIAN, _LEAST_UBUNTU = 12, 24
_MEMORY, _DISK = 700 << 20, 3 << 30  # bytes: with less it does not work
_GOOD_MEMORY, _GOOD_DISK = 1800 << 20, 10 << 30
# Which program may listen where: it is the one that the installer sets up.
_PORTS = {25: {"master"}, 80: {"nginx"}, 443: {"nginx"}}


def refuse(wanted: Options, *, replace_mta: bool) -> list[str]:
    """Return warnings. Raises Refused with all that stands in the way, and what to do about it."""
    faults = [*_system(), *_room(_MEMORY, _DISK), *_ports(), *_ssh(wanted)]
    if not replace_mta:
        faults += mail_servers()
    if faults:
        raise Refused("\n".join(faults))
    return [*_untried(), *_room(_GOOD_MEMORY, _GOOD_DISK)]


def os_release(path: Path = Path("/etc/os-release")) -> dict[str, str]:
    """Return what the system says that it is."""
    lines = path.read_text().splitlines() if path.is_file() else []
    pairs = (line.partition("=") for line in lines)
    return {name: value.strip('"') for name, _, value in pairs}


def system_fault(release: dict[str, str]) -> str:
    """Return why a system cannot be installed on, '' where it can; `release` is what it says that it is."""
    version = int(release.get("VERSION_ID", "0").partition(".")[0] or 0)
    least = {"debian": _LEAST_DEBIAN, "ubuntu": _LEAST_UBUNTU}.get(release.get("ID", ""), 1 << 30)
    if version >= least:
        return ""
    name = release.get("PRETTY_NAME", "no known system")
    return f"this is {name}: Debian 12 or later, or Ubuntu 24.04 or later is needed"


def _system() -> Iterator[str]:
    if not listening.is_root():
        yield "this is not root: sudo deploy/install.sh ..."
    if fault := system_fault(os_release()):
        yield fault
    if shutil.which("apt-get", path=commands.PATH) is None:
        yield "apt-get is missing"


def _untried() -> Iterator[str]:
    name = os_release().get("PRETTY_NAME", "")
    if "GNU/Linux 12" not in name and "GNU/Linux 13" not in name:
        yield f"this is {name}, where the installer was never tried (docs/install.md)"


def _room(memory: int, disk: int) -> Iterator[str]:
    has = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    if has < memory:
        yield f"{has >> 20} MiB of memory; {memory >> 20} MiB are needed to be at ease"
    for path in (Path("/var"), Path("/opt")):
        free = shutil.disk_usage(path).free
        if free < disk:
            yield f"{path} has {free >> 20} MiB of room; {disk >> 20} MiB are needed to be at ease"


def _ports() -> Iterator[str]:
    for port, ours in _PORTS.items():
        found = listening.programs(port)
        if (
            found and not found & ours
        ):  # Postfix's smtpd has master's socket too, OpenSMTPD's its own
            names = ", ".join(sorted(found))
            yield f"port {port} is taken by {names}: stop and disable it first"


def _ssh(wanted: Options) -> Iterator[str]:
    """The firewall lets one port of sshd(8) in; another one would lock the administrator out."""
    ports = listening.ports("sshd")
    # CLIENT PORT SERVER PORT (ssh(1)): how we came in, also where systemd holds the socket; sudo takes it away
    words = os.environ.get("SSH_CONNECTION", "").split()
    ports |= {int(words[3])} if len(words) == 4 else set()
    if ports and wanted.ssh_port not in ports:
        port = min(ports)
        yield f"sshd listens on port {port}, which the firewall would close: --ssh-port {port}"


def mail_servers() -> Iterator[str]:
    """Another mail server goes when Postfix comes; a Postfix with a configuration of its own would lose it."""
    for package in packages.other_mail_servers():
        yield f"the mail server {package} is installed and would be removed: --replace-mta if it may"
    if packages.is_installed("postfix") and not is_ours(Path("/etc/postfix/main.cf")):
        yield "Postfix has a configuration here, which would be replaced (a copy is kept): --replace-mta if it may"


def is_ours(main: Path) -> bool:
    """Tell whether a main.cf may be replaced: there is none, or render_postfix wrote it."""
    if not main.is_file():
        return True
    return layout.RECORD.is_file() or "\n# Rendered with: " in main.read_text(errors="replace")
