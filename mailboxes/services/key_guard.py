"""Noticing another ADDRESS_DIGEST_KEY before it does harm: under it no address lives, and none was ever issued.

Mail waits in Postfix's queue and no address is given out until the right key is back: docs/decisions/0002.
"""

import hashlib
import logging

from django.conf import settings
from django.db import connection

from mailboxes.models.records import KeyFingerprint
from mailboxes.rules.errors import WrongKey
from mailboxes.services import keys

logger = logging.getLogger(__name__)

NAME = "ADDRESS_DIGEST_KEY"
WORDS = "ADDRESS_DIGEST_KEY is not the one that this database was filled under. Put the old one back: it never changes."
_verified = ""


def ensure() -> None:
    """Raise WrongKey unless this is the key that the database was first used with. One query in a process's life."""
    global _verified
    if _verified == settings.ADDRESS_DIGEST_KEY:
        return
    defaults = {"fingerprint": _fingerprint()}
    row, _ = KeyFingerprint.objects.get_or_create(name=NAME, defaults=defaults)
    if bytes(row.fingerprint) != defaults["fingerprint"]:
        logger.critical(WORDS)
        raise WrongKey(WORDS)
    _verified = settings.ADDRESS_DIGEST_KEY


def is_changed() -> bool:
    """Tell whether the database was filled under another key. Raises django.db.Error where it is not there."""
    row = KeyFingerprint.objects.filter(name=NAME).first()
    return row is not None and bytes(row.fingerprint) != _fingerprint()


def fingerprint() -> str:
    """Return by what an operator can compare the key of two hosts, without seeing it."""
    return _fingerprint().hex()[:12]


def note() -> None:
    """Note the key in a database that was just made. Where the table is not there yet, there is nothing to note."""
    if KeyFingerprint._meta.db_table in connection.introspection.table_names():
        ensure()


def _fingerprint() -> bytes:
    key = keys.address_digest_key()
    return hashlib.blake2b(key=key, digest_size=16, person=b"tempmail-finger").digest()
