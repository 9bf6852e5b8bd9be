"""Which two deliveries are tries of the same one, and which are two sends of the same text.

Our own smtpd writes a Received line with its queue id and time on top of each message (RFC 5321 4.4), so two sends
differ there, and the tries of one do not. What differs between tries is left out: line ends (LMTP has CRLF), a
Return-Path, and the Received line that `postsuper -r` puts on top.
"""

import hashlib
import re

DIGEST_SIZE = 16  # bytes

# A header field at the very start of the message, with its folded lines (RFC 5322 2.2.3).
RETURN_PATH = re.compile(rb"return-path:[^\n]*\n(?:[ \t][^\n]*\n)*", re.IGNORECASE)
_RECEIVED = re.compile(rb"received:[^\n]*\n(?:[ \t][^\n]*\n)*", re.IGNORECASE)


def canonical(raw: bytes) -> bytes:
    """Return what stays the same between tries of one delivery: a part of `raw`, with LF line ends."""
    rest = raw.replace(b"\r\n", b"\n")
    while True:
        match = RETURN_PATH.match(rest) or _requeued(rest)
        if not match:
            return rest
        rest = rest[match.end() :]


def digest(canonical_bytes: bytes, mailbox: bytes, key: bytes) -> bytes:
    """Return the keyed digest (16 bytes, BLAKE2b) of one message for one mailbox."""
    state = hashlib.blake2b(key=key, digest_size=DIGEST_SIZE, person=b"tempmail-dedupe")
    state.update(mailbox)
    state.update(canonical_bytes)
    return state.digest()


def _requeued(rest: bytes) -> re.Match[bytes] | None:
    match = _RECEIVED.match(rest)
    return match if match and b"(Postfix, from userid" in match.group() else None
