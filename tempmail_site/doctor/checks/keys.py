"""Keys: there, whole, theirs alone, and those that the database was filled under."""

import base64
import binascii
import os
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

from mailboxes.models.records import KeyFingerprint
from mailboxes.services import key_guard
from tempmail_site import paths
from tempmail_site.doctor import looking
from tempmail_site.doctor.findings import CannotLook, Finding, check, fault, ok, warning

_OF_32_BYTES = ("ADDRESS_DIGEST_KEY", "OPERATOR_KEY", "RECEIPT_KEY")
_SHORTEST = 50  # characters of SECRET_KEY, as Django wants
_MODES = (0o600, 0o640, 0o400, 0o440)


@check(
    "keys.file", "Who can read the keys can read what is sealed to operators, and forge cookies."
)
def file() -> Iterator[Finding]:
    """Readable by its owner, at most by its group, and not by whoever calls."""
    path: Path = settings.DATA_DIR / "secrets.env"
    mode = looking.mode(path)
    if mode is None:
        yield ok("the keys come from the environment")
        return
    owner, expected = looking.owner(path), {"root", looking.owner(settings.DATA_DIR)}
    if mode not in _MODES:
        yield fault(f"{path} has mode {mode:04o}", f"chmod 600 {path} (640 for a group of its own)")
    elif owner not in expected:
        yield fault(
            f"{path} belongs to {owner}", f"chown {looking.owner(settings.DATA_DIR)} {path}"
        )
    elif not os.access(path, os.R_OK):
        raise CannotLook(f"{path} cannot be read by this user")
    else:
        yield ok(f"{path} has mode {mode:04o} and belongs to {owner}")


@check("keys.values", "A key that is short, or serves twice, protects less than it says.")
def values() -> Iterator[Finding]:
    """Each of 32 bytes, each another one."""
    seen: dict[str, str] = {}
    remedy = f"Take the old one from the backup; for a new installation: {_how_to_make()}"
    bad = False
    for name in (*_OF_32_BYTES, "SECRET_KEY"):
        value = str(getattr(settings, name))
        if name != "SECRET_KEY" and not _is_key(value):
            bad = True
            yield fault(f"{name} is not 32 bytes in base64url", remedy)
        if value in seen:
            bad = True
            yield fault(f"{name} is the same as {seen[value]}", remedy)
        seen[value] = name
    if len(settings.SECRET_KEY) < _SHORTEST or len(set(settings.SECRET_KEY)) < 5:
        bad = True
        yield warning("SECRET_KEY is short or even", "Make one of 50 random characters.")
    if not bad:
        yield ok("all are there, whole and different")


@check("keys.fingerprint", "Under another ADDRESS_DIGEST_KEY no address lives and none was issued.")
def fingerprint() -> Iterator[Finding]:
    """That of the database, and of the other hosts, if there are any."""
    if key_guard.is_changed():
        yield fault(
            key_guard.WORDS,
            "Mail waits in the queue until the old key is back. Backup: secrets.env",
        )
    elif not KeyFingerprint.objects.exists():
        words = "the database has not noted the key yet; it does with the first address"
        yield ok(f"{words}: {key_guard.fingerprint()}")
    else:
        yield ok(f"{key_guard.fingerprint()}, the one that the database knows")


def _is_key(value: str) -> bool:
    try:
        return len(base64.b64decode(value, altchars=b"-_", validate=True)) == 32
    except (binascii.Error, ValueError):
        return False


def _how_to_make() -> str:
    return f"python -m tempmail_site.secrets_file {paths.data_directory() / 'secrets.env'}"
