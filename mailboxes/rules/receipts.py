"""Receipts: a statement and its Ed25519 signature (RFC 8032), in a form that anybody can check with any library.

What is signed is the statement in canonical JSON (RFC 8785); docs/receipts.md says byte for byte what that is. A key is
named by its JWK thumbprint (RFC 7638), so that a receipt says by which key it can be checked.
"""

import base64
import enum
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from nacl.exceptions import CryptoError
from nacl.signing import SigningKey, VerifyKey

MAX_CHARACTERS = 4000
_SIGNATURE_CHARACTERS = 86  # 64 bytes
_MAX_INTEGER = 2**53 - 1  # what every JSON library reads exactly (RFC 8785 section 3.2.2.3)

Statement = Mapping[str, str | int]


class Verdict(enum.Enum):
    """What a check says of a text."""

    VALID = "valid"
    UNREADABLE = "unreadable"
    UNKNOWN_KEY = "unknown-key"
    FORGED = "forged"


@dataclass(frozen=True, slots=True)
class Checked:
    """A verdict, with what is stated where it is valid."""

    verdict: Verdict
    statement: Statement


def signing_key(encoded: str) -> SigningKey:
    """Return the key of 32 bytes in base64url. Raises ValueError when it is none."""
    return SigningKey(base64.urlsafe_b64decode(encoded))


def jwk(key: VerifyKey) -> dict[str, str]:
    """Return a public key as it is published (RFC 8037), named by its thumbprint."""
    members = {"crv": "Ed25519", "kty": "OKP", "x": _base64url(bytes(key))}
    kid = _base64url(hashlib.sha256(canonical(members)).digest())
    return {**members, "kid": kid, "use": "sig", "alg": "EdDSA"}


def canonical(statement: Mapping[str, Any]) -> bytes:
    """Return the bytes that are signed: RFC 8785, for an object of strings and integers with ASCII names."""
    text = json.dumps(statement, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode()


def sign(key: SigningKey, statement: Statement) -> dict[str, Any]:
    """Return the receipt: the statement, with the key's id in it, and its signature."""
    stated = {**statement, "key_id": jwk(key.verify_key)["kid"]}
    return {"statement": stated, "signature": _base64url(key.sign(canonical(stated)).signature)}


def check(text: str, keys: Iterable[VerifyKey]) -> Checked:
    """Check a receipt that somebody shows, by these public keys. Any text may come; never raises."""
    known = {jwk(key)["kid"]: key for key in keys}
    try:
        statement, signature = _parse(text)
        signed = canonical(statement)
    except (ValueError, RecursionError):
        return Checked(Verdict.UNREADABLE, {})
    key = known.get(str(statement.get("key_id")))
    if key is None:
        return Checked(Verdict.UNKNOWN_KEY, {})
    try:
        key.verify(signed, signature)
    except (CryptoError, ValueError):
        return Checked(Verdict.FORGED, {})
    return Checked(Verdict.VALID, statement)


def _parse(text: str) -> tuple[dict[str, str | int], bytes]:
    """Return statement and signature. Raises ValueError (UnicodeError and JSON's own are such), RecursionError."""
    if len(text) > MAX_CHARACTERS:
        raise ValueError
    # two members of one name would be read differently by different programs
    receipt = json.loads(text, object_pairs_hook=_object_without_twins)
    if not isinstance(receipt, dict) or set(receipt) != {"statement", "signature"}:
        raise ValueError
    statement, signature = receipt["statement"], receipt["signature"]
    if not isinstance(statement, dict) or not isinstance(signature, str):
        raise ValueError
    if not all(map(_is_plain, statement.values())) or len(signature) != _SIGNATURE_CHARACTERS:
        raise ValueError
    return statement, base64.b64decode(f"{signature}==", altchars=b"-_", validate=True)


def _is_plain(value: Any) -> bool:
    if isinstance(value, int) and not isinstance(value, bool):
        return abs(value) <= _MAX_INTEGER
    return isinstance(value, str)


def _object_without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError
    return members


def _base64url(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode().rstrip("=")
