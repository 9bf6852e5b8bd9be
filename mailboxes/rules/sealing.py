"""Sealing: what is stored can be read only with the visitor's own token.

A token is 32 random bytes. Its BLAKE2b hash is an X25519 private key; the database holds only the public key, so that
checking a token is deriving its public key. Values are sealed with libsodium's SealedBox (crypto_box_seal). Inside each
sealed value stand its kind and the id it belongs to; both are checked on opening, so that a value that was moved to
another row does not open there.
"""

import base64
import binascii
import enum
import hashlib
import secrets
import threading
import zlib

import zstandard
from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, PublicKey, SealedBox

from mailboxes.rules.errors import SealBroken, UnknownToken

TOKEN_PREFIX = "tmt_"  # noqa: S105
API_KEY_PREFIX = "tmk_"
_TOKEN_BYTES = 32
_VERSION = b"\x01"
_HEADER = 1 + 1 + 16
_LEVEL = 3  # what higher ones gain is little, and costs twice as much and more


class _Compressor(threading.local):
    """One for each thread, as it may not be shared: making it costs as much as compressing a summary."""

    def __init__(self) -> None:
        self.compress = zstandard.ZstdCompressor(_LEVEL).compress


_compressor = _Compressor()


class Kind(enum.Enum):
    """What a sealed value is."""

    ADDRESS = b"a"
    SUMMARY = b"s"
    SOURCE = b"r"
    REPORT = b"p"
    CANARY = b"c"
    WEBHOOK = b"w"


def new_token(prefix: str = TOKEN_PREFIX) -> str:
    """Return a new bearer token: the prefix and 32 random bytes as base64url."""
    return token_of(secrets.token_bytes(_TOKEN_BYTES), prefix)


def token_of(value: bytes, prefix: str = TOKEN_PREFIX) -> str:
    """Return the token of these 32 bytes, in its one spelling."""
    return prefix + base64.urlsafe_b64encode(value).decode().rstrip("=")


def token_bytes(token: str, prefix: str = TOKEN_PREFIX) -> bytes:
    """Return the 32 bytes of a token; raise UnknownToken when it is not of our form."""
    text = token.removeprefix(prefix)
    try:
        if not token.startswith(prefix) or len(text) != 43:
            raise UnknownToken
        value = base64.b64decode(text + "=", altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise UnknownToken from None
    if base64.urlsafe_b64encode(value).decode().rstrip("=") != text:
        raise UnknownToken  # a second spelling of the same bytes
    return value


def private_key(token: str) -> PrivateKey:
    """Return the X25519 private key of a mailbox token; raise UnknownToken when it is not of our form."""
    seed = hashlib.blake2b(token_bytes(token), digest_size=32, person=b"tempmail-mailbox").digest()
    return PrivateKey(seed)


def operator_private_key(encoded: str) -> PrivateKey:
    """Return the operators' private key from its base64url form in the secrets file."""
    return PrivateKey(base64.urlsafe_b64decode(encoded))


def public_key(key: PrivateKey) -> bytes:
    """Return the 32 bytes that the database may hold."""
    return bytes(key.public_key)


def pack(value: bytes) -> bytes:
    """Compress a value (Zstandard, RFC 8878): once, before it is sealed to one or more mailboxes."""
    return _compressor.compress(value)


def seal(key: bytes, kind: Kind, owner: bytes, packed: bytes) -> bytes:
    """Seal a packed value to a public key. `owner` is the 16-byte id of the row that it belongs to."""
    return SealedBox(PublicKey(key)).encrypt(_VERSION + kind.value + _owner(owner) + packed)


def unseal(key: PrivateKey, kind: Kind, owner: bytes, sealed: bytes) -> bytes:
    """Open a sealed value; raise SealBroken when key, kind or owner are not those it was sealed for."""
    try:
        opened = SealedBox(key).decrypt(sealed)
    except (CryptoError, ValueError, TypeError):
        raise SealBroken from None
    if opened[:_HEADER] != _VERSION + kind.value + _owner(owner):
        raise SealBroken
    try:
        return _unpack(opened[_HEADER:])
    except (zstandard.ZstdError, zlib.error):
        raise SealBroken from None


def _unpack(packed: bytes) -> bytes:
    """Undo `pack`; what was sealed before it was Zstandard is zlib's, and lives for days at most."""
    is_ours = packed.startswith(zstandard.FRAME_HEADER)
    return zstandard.decompress(packed) if is_ours else zlib.decompress(packed)


def _owner(owner: bytes) -> bytes:
    if len(owner) != 16:
        raise ValueError("an owner id has 16 bytes")
    return owner
