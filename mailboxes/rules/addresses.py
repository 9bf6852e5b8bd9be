"""Mail addresses of this service: how they are made, written, compared, and digested."""

import hashlib
import re
import secrets
from dataclasses import dataclass

from mailboxes.rules.errors import InvalidAddress, LocalPartNotAllowed

LETTERS = "abcdefghjkmnpqrstuvwxyz"  # without i, l, o: they look like 1 and 0
ALPHABET = LETTERS + "23456789"
RANDOM_LENGTH = 13  # 23 * 31^12 possibilities: 63.9 bits
DIGEST_SIZE = 16  # bytes
LONGEST_LOCAL_PART = 64  # characters (RFC 5321 4.5.3.1.1)

# RFC 2142; names by which certificate authorities validate a domain (CA/Browser Forum BR 3.2.2.4.4); mail's own.
_RESERVED_NAMES = """
    abuse noc security postmaster hostmaster usenet news webmaster www uucp ftp info marketing sales support trouble
    admin administrator root ssladmin sslwebmaster
    mailerdaemon daemon nobody operator noreply donotreply bounce bounces dmarc tlsrpt mtasts
"""
RESERVED = frozenset(_RESERVED_NAMES.split())
OPERATOR_LOCAL_PARTS = frozenset({"postmaster", "abuse"})

_LOCAL_PART = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?", re.ASCII)
_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Address:
    """A normalized address: lower case, no +tag, domain as A-labels (RFC 5890)."""

    local_part: str
    domain: str

    def __str__(self) -> str:
        return f"{self.local_part}@{self.domain}"

    @property
    def parent_domain(self) -> str:
        """The domain above: where a random subdomain belongs to."""
        return self.domain.partition(".")[2]


def parse(text: str) -> Address:
    """Return the mailbox address that `text` means; raise InvalidAddress when it cannot be one of ours.

    The local-part is compared without case, as RFC 5321 2.4 leaves to the receiving host; +tag is dropped.
    """
    local_part, at, domain = text.rpartition("@")
    local_part = local_part.lower().partition("+")[0]
    if not at or not _LOCAL_PART.fullmatch(local_part):
        raise InvalidAddress
    return Address(local_part, normalize_domain(domain))


def normalize_domain(name: str) -> str:
    """Return a domain name as lower-case A-labels without the final dot; raise InvalidAddress for anything else."""
    name = name.strip().removesuffix(".").lower()
    if len(name) > 253:
        raise InvalidAddress
    try:
        ascii_name = name.encode("idna").decode("ascii").lower()
    except UnicodeError:
        raise InvalidAddress from None
    if len(ascii_name) > 253 or not _DOMAIN.fullmatch(ascii_name):
        raise InvalidAddress
    return ascii_name


def random_label(length: int = RANDOM_LENGTH) -> str:
    """Return `length` characters from the operating system's CSPRNG, the first a letter."""
    return secrets.choice(LETTERS) + "".join(secrets.choice(ALPHABET) for _ in range(length - 1))


def is_reserved(local_part: str, also: frozenset[str] = frozenset()) -> bool:
    """Tell whether nobody may be given this local-part: compared without dots, dashes and underscores.

    `also` are the operator's own reserved names. `-request` names belong to mailing lists (RFC 2142 section 6).
    """
    bare = plain(local_part)
    return bare in RESERVED or bare in {plain(name) for name in also} or bare.endswith("request")


def check_custom(local_part: str, also: frozenset[str] = frozenset()) -> str:
    """Return a visitor's chosen local-part, normalized; raise LocalPartNotAllowed when it may not be given out."""
    local_part = local_part.strip().lower()
    if len(local_part) < 3 or not _LOCAL_PART.fullmatch(local_part) or ".." in local_part:
        raise LocalPartNotAllowed
    if is_reserved(local_part, also):
        raise LocalPartNotAllowed
    return local_part


def digest(address: Address, key: bytes) -> bytes:
    """Return the keyed digest (16 bytes, BLAKE2b) by which an address is found, and known as once issued."""
    return hashlib.blake2b(
        str(address).encode(), key=key, digest_size=DIGEST_SIZE, person=b"tempmail-address"
    ).digest()


def plain(local_part: str) -> str:
    """Return a local-part as names are compared: lower case, without dots, dashes and underscores."""
    return re.sub(r"[._-]", "", local_part.lower())
