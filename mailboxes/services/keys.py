"""The installation's keys, as the services use them."""

import base64
from functools import lru_cache

from django.conf import settings
from nacl.public import PrivateKey

from mailboxes.rules import addresses, sealing, senders


@lru_cache(maxsize=1)
def address_digest_key() -> bytes:
    """Return the 32 bytes under which addresses are digested. They never change: non-reuse rests on them."""
    return base64.urlsafe_b64decode(settings.ADDRESS_DIGEST_KEY)


@lru_cache(maxsize=1)
def operator_public_key() -> bytes:
    """Return the public key to which mail for the operators is sealed."""
    return sealing.public_key(operator_private_key())


def operator_private_key() -> PrivateKey:
    """Return the key that opens what was sealed to the operators."""
    return sealing.operator_private_key(settings.OPERATOR_KEY)


def address_digest(address: addresses.Address) -> bytes:
    """Return the digest by which an address is stored and found."""
    return addresses.digest(address, address_digest_key())


def sender_digest(sender: str) -> bytes:
    """Return the digest by which a blocked envelope sender, in its normalized form, is known."""
    return senders.digest(sender, address_digest_key())
