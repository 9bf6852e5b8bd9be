"""Cursors: where a page of a list goes on. Opaque to clients, and worth nothing without the token."""

import base64
import binascii

from mailboxes.rules.errors import UnknownCursor

_PREFIX = b"c1:"
_MAX_DIGITS = 18


def encode(sequence: int) -> str:
    """Return the cursor that goes on below this sequence."""
    return base64.urlsafe_b64encode(_PREFIX + str(sequence).encode()).decode().rstrip("=")


def decode(cursor: str) -> int:
    """Return the sequence of a cursor; raise UnknownCursor for anything that `encode` did not make."""
    try:
        value = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise UnknownCursor from None
    digits = value.removeprefix(_PREFIX)
    if not value.startswith(_PREFIX) or not digits.isdigit() or len(digits) > _MAX_DIGITS:
        raise UnknownCursor
    return int(digits)
