"""Where a list goes on: cursors lead to older mail, positions to newer. They are worth nothing without the token."""

import base64
import binascii
import uuid

from mailboxes.rules.errors import UnknownCursor
from mailboxes.services import reading
from mailboxes.services.reading import OpenMailbox

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


def sequence_after(opened: OpenMailbox, after: str | None) -> int:
    """Return the sequence to go on above: of a position, or of the message with this id; raise NotFound without it.

    A position is a sequence and no secret from its mailbox's owner: how many messages there have been. It is good
    without the message, so that nothing has to be kept of those that are deleted.
    """
    if after is None:
        return 0
    return (
        int(after) if len(after) <= _MAX_DIGITS else reading.sequence_of(opened, uuid.UUID(after))
    )
