"""The pass with which one frame may load images of others: for a form that was sent, for a minute, for one message.

It is not a setting and not a link: what somebody else can make a visitor open never holds one.
"""

import uuid

from django.core import signing

_SALT = "mailboxes.web.images"
_SECONDS = 60


def give(message_id: uuid.UUID) -> str:
    """Return a pass for this message."""
    return signing.TimestampSigner(salt=_SALT).sign(message_id.hex)


def allows(text: str, message_id: uuid.UUID) -> bool:
    """Tell whether `text` is a pass for this message that has not run out."""
    try:
        return signing.TimestampSigner(salt=_SALT).unsign(text, max_age=_SECONDS) == message_id.hex
    except signing.BadSignature:
        return False
