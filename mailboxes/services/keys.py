"""The installation's keys, as the services use them."""

import base64
from functools import lru_cache

from django.conf import settings

from mailboxes.rules import addresses, sealing


@lru_cache(maxsize=1)
def address_digest_key() -> bytes:
    """Return the 32 bytes under which addresses are digested. They never change: non-reuse rests on them."""
    return base64.urlsafe_b64decode(settings.ADDRESS_DIGEST_KEY)


@lru_cache(maxsize=1)
def operator_public_key() -> bytes:
    """Return the public key to which mail for the operators is sealed."""
    return sealing.public_key(sealing.operator_private_key(settings.OPERATOR_KEY))


def address_digest(address: addresses.Address) -> bytes:
    """Return the digest by which an address is stored and found."""
    return addresses.digest(address, address_digest_key())
