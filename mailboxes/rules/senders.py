"""Envelope senders of strangers: any text at all, made comparable. Nothing here raises for what a client sent."""

import hashlib
import re
import unicodedata
from collections.abc import Iterator

DIGEST_SIZE = 16  # bytes
_LONGEST_DOMAIN = 253  # characters; what is longer is cut in front: its end says whose it is
_LONGEST_LOCAL_PART = 256
_DOTS = re.compile("[.\u3002\uff0e\uff61]")  # RFC 3490 3.1
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_SHORT_LABEL = 3  # characters: co.uk, com.br, gov.au


def normalize(sender: str) -> str:
    """Return a sender as it is compared: without case, quotes and +tag, domain as A-labels; '' for the null sender."""
    local_part, at, _domain = sender.rpartition("@")
    local_part = local_part[:_LONGEST_LOCAL_PART] if at else sender[:_LONGEST_LOCAL_PART]
    if len(local_part) > 1 and local_part.startswith('"') and local_part.endswith('"'):
        local_part = _ESCAPED.sub(r"\1", local_part[1:-1])
    # One that is only a tag stays as it is.
    local_part = local_part.partition("+")[0] or local_part
    local_part = unicodedata.normalize("NFKC", local_part).casefold()
    return f"{local_part}@{domain_of(sender)}" if sender else ""


def domain_of(sender: str) -> str:
    """Return a sender's domain in lower case, as A-labels where it can be, without the final dot; '' if it has none."""
    _local_part, at, domain = sender.rpartition("@")
    domain = domain[-_LONGEST_DOMAIN:].strip()
    if not domain.isascii():
        domain = _DOTS.sub(".", unicodedata.normalize("NFKC", domain))
    domain = domain.casefold().rstrip(".")
    # What unfolds into more has no A-labels, and to look for them costs 7 microseconds a character.
    if not domain.isascii() and len(domain) <= _LONGEST_DOMAIN:
        domain = ".".join(_a_label(label) for label in domain.split("."))
    return domain if at else ""


def with_parents(domain: str) -> Iterator[str]:
    """Yield a domain and those above it, the top-level one too."""
    while domain:
        yield domain
        domain = domain.partition(".")[2]


def organization(domain: str) -> str:
    """Return what the hosts of one owner share, guessed without a list: two labels, three below a short second one."""
    labels = domain.rsplit(".", 3)
    is_shared = len(labels) > 2 and len(labels[-2]) <= _SHORT_LABEL and len(labels[-1]) == 2
    return ".".join(labels[-3:] if is_shared else labels[-2:])


def digest(sender: str, key: bytes) -> bytes:
    """Return the keyed digest (16 bytes, BLAKE2b) by which a normalized sender is known."""
    data = sender.encode("utf-8", "replace")
    return hashlib.blake2b(
        data, key=key, digest_size=DIGEST_SIZE, person=b"tempmail-sender"
    ).digest()


def _a_label(label: str) -> str:
    try:
        return label if label.isascii() else label.encode("idna").decode("ascii")
    except UnicodeError:
        return label
