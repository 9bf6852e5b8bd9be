"""Versions: of Python and of the packages against what was tried together."""

import re
import sys
from collections.abc import Iterator
from importlib import metadata

from django.conf import settings

from tempmail_site.doctor.findings import CannotLook, Finding, check, fault, ok, warning

_LOWEST = (3, 11)
_PIN = re.compile(r"([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;#]+)")


@check("versions.python", "Older ones lack what the program uses.")
def python() -> Iterator[Finding]:
    """Each process is started with this one, if all are started alike."""
    number = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] < _LOWEST:
        yield fault(f"Python {number}", "Python 3.11 or later is needed.")
    else:
        yield ok(f"Python {number}")


@check("versions.packages", "What runs is not what was tried together.")
def packages() -> Iterator[Finding]:
    """Those of requirements.txt, in exactly these versions."""
    try:
        lines = (settings.BASE_DIR / "requirements.txt").read_text().splitlines()
    except OSError:
        raise CannotLook("there is no requirements.txt beside the program") from None
    pins = [match for line in lines if (match := _PIN.match(line))]
    wrong = [text for pin in pins if (text := _difference(pin[1], pin[2]))]
    remedy = "Install them into the program's environment: pip install -r requirements.txt"
    missing = [text for text in wrong if "is missing" in text]
    if missing:
        yield fault("; ".join(missing), remedy)
    if other := [text for text in wrong if text not in missing]:
        yield warning("; ".join(other), remedy)
    if not wrong:
        yield ok(f"all {len(pins)} are those of requirements.txt")


def _difference(name: str, wanted: str) -> str:
    try:
        found = metadata.version(name)
    except metadata.PackageNotFoundError:
        return f"{name} {wanted} is missing"
    return "" if found == wanted else f"{name} is {found}, not {wanted}"
