"""Postfix's configuration as it is installed, read as Postfix reads it: values of main.cf, services of master.cf."""

from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

from tempmail_site.doctor import looking
from tempmail_site.doctor.findings import CannotLook

EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104 - what is connected to instead


def text(name: str) -> str:
    """Return an installed file. Raises CannotLook where there is none: `postfix.installed` says so."""
    looking.need_postfix()
    path: Path = settings.POSTFIX_CONFIG_DIR / name
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise CannotLook(f"{path} cannot be read ({type(error).__name__})") from None


def logical_lines(content: str) -> Iterator[str]:
    """Yield lines without comments, each with those that continue it, and single spaces (postconf(5))."""
    line = ""
    for part in content.splitlines():
        if not part.strip() or part.lstrip().startswith("#"):
            continue
        if part[0].isspace():
            line += f" {part}"
            continue
        if line:
            yield " ".join(line.split())
        line = part
    if line:
        yield " ".join(line.split())


def values(content: str) -> dict[str, str]:
    """Return the values of a main.cf by name; of several the last one counts."""
    pairs = (line.partition("=") for line in logical_lines(content))
    return {name.strip(): value.strip() for name, _, value in pairs}


def listeners(content: str) -> list[tuple[str, int]]:
    """Return the addresses on which a master.cf has smtpd(8) listen; those of every address by loopback's."""
    found = []
    for line in logical_lines(content):
        words = line.split()
        if len(words) < 8 or words[1] != "inet" or words[7] != "smtpd":
            continue
        host, _, port = words[0].rpartition(":")
        host = host.strip("[]")
        number = {"smtp": 25}.get(port) or (int(port) if port.isdigit() else 0)
        found.append((EVERYWHERE.get(host, host), number))
    return [(host, port) for host, port in found if port]


def queue_directory() -> Path:
    """Return where the installed Postfix keeps its queue. Raises CannotLook."""
    return Path(values(text("main.cf")).get("queue_directory", str(settings.QUEUE_DIRECTORY)))
