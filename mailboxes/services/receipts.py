"""Receipts of deletion: what the operator states and signs. None is stored."""

from functools import lru_cache
from typing import Any

from django.conf import settings
from nacl.signing import SigningKey

from mailboxes.rules import receipts
from mailboxes.rules.receipts import Checked
from mailboxes.services import clock
from mailboxes.services.ending import Deleted

TYPE = "tempmail-deletion-receipt"
VERSION = 1
MAIL_DELETED, MAILBOX_ENDED = "mail-deleted", "mailbox-ended"

# English in every receipt: what is signed must not depend on who reads it.
_STATES = {
    MAIL_DELETED: (
        "The operator of this site states that all messages which this mailbox held, counted here, "
        "had been removed from the database of the service, with their sealed contents, by the time "
        "given. The address lives on until its end."
    ),
    MAILBOX_ENDED: (
        "The operator of this site states that this mailbox and all messages which it held, counted "
        "here, had been removed from the database of the service, with their sealed contents, by the "
        "time given. The address takes no more mail and is never given out again."
    ),
}
_LIMITS = (
    "This is the operator's signed word. It cannot show that no copy was made elsewhere, and says "
    "nothing about what the sender keeps. Messages that had been deleted before, or were still in "
    "the mail server's queue, are not counted. Freed space on a disk, the database's write-ahead log and "
    "backups, if the operator makes any, may hold the sealed form for a while."
)


def deletion(address: str, action: str, deleted: Deleted) -> dict[str, Any]:
    """Return the signed statement that this was deleted. To be called after the commit, as it says "by now"."""
    statement: dict[str, str | int] = {
        "type": TYPE,
        "version": VERSION,
        "site": settings.SITE_URL,
        "operator": settings.OPERATOR_NAME,
        "mailbox": address,
        "action": action,
        "messages": deleted.messages,
        "bytes": deleted.bytes,
        "at": clock.now().strftime("%Y-%m-%dT%H:%M:%SZ"),
        "states": _STATES[action],
        "limits": _LIMITS,
    }
    return receipts.sign(_keys(settings.RECEIPT_KEY)[0], statement)


def public_keys() -> dict[str, Any]:
    """Return the public keys as a JWK Set (RFC 7517 section 5), the present one first."""
    return {"keys": [receipts.jwk(key.verify_key) for key in _all_keys()]}


def check(text: str) -> Checked:
    """Check a text that is said to be a receipt of this site."""
    return receipts.check(text, [key.verify_key for key in _all_keys()])


def _all_keys() -> tuple[SigningKey, ...]:
    return _keys(settings.RECEIPT_KEY, *settings.RECEIPT_KEY_FALLBACKS)


@lru_cache(maxsize=4)
def _keys(*encoded: str) -> tuple[SigningKey, ...]:
    return tuple(map(receipts.signing_key, encoded))
