"""Requests that may be repeated: the same Idempotency-Key gives the same mailbox, and its token is not kept for it.

The token is derived (BLAKE2b) from the Idempotency-Key under the secret of the API key, neither of which is stored, and
a random salt, which is. A repeat derives it again, and finds the mailbox by its public key as any token does.
"""

import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from mailboxes.models.access import IdempotencyRecord
from mailboxes.rules import sealing
from mailboxes.rules.errors import (
    IdempotencyKeyReused,
    MailboxEnded,
    Unavailable,
    UnknownToken,
)
from mailboxes.services import clock, reading
from mailboxes.services.creation import Created

SECONDS = 86_400  # how long a repeat is known as one
HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One sending of a request: the API key's secret, the Idempotency-Key, and the request in one spelling."""

    secret: bytes
    key: str
    request: bytes

    @property
    def digest(self) -> bytes:
        """By which a repeat is found."""
        return self._keyed(self.key.encode(), b"tempmail-idem-id")

    @property
    def request_digest(self) -> bytes:
        """By which another request under the same key is noticed. It covers the key too: equal wishes look unlike."""
        return self._keyed(self.digest + self.request, b"tempmail-idem-rq")

    def token(self, salt: bytes) -> str:
        """Return the mailbox token that this request gives."""
        return sealing.token_of(
            hashlib.blake2b(
                self.key.encode(),
                digest_size=32,
                key=self.secret,
                salt=salt,
                person=b"tempmail-idem-tk",
            ).digest()
        )

    def _keyed(self, value: bytes, person: bytes) -> bytes:
        return hashlib.blake2b(value, digest_size=16, key=self.secret, person=person).digest()


def _rounded_up(now: datetime) -> datetime:
    """To the hour: the time of a mailbox, to the microsecond, is in a table too, and would tell which one it was."""
    return (now + HOUR).replace(minute=0, second=0, microsecond=0)


def find(attempt: Attempt) -> IdempotencyRecord | None:
    """Return the record of this request's first sending."""
    return IdempotencyRecord.objects.filter(digest=attempt.digest).first()


def first(attempt: Attempt, create: Callable[[str], Created]) -> Created:
    """Create with the token that this request gives; where another sending of it was first, what that one created.

    The record is written first, and in the same transaction: of several at once the others wait for it, and what is
    refused leaves none.
    """
    salt = secrets.token_bytes(16)
    record = IdempotencyRecord(
        digest=attempt.digest,
        request_digest=attempt.request_digest,
        salt=salt,
        created_at=_rounded_up(clock.now()),
    )
    try:
        with transaction.atomic():
            record.save(force_insert=True)
            return create(attempt.token(salt))
    except IntegrityError:
        found = find(attempt)
    if found is None:  # it was cleaned up between two statements
        raise Unavailable
    return again(attempt, found)


def again(attempt: Attempt, record: IdempotencyRecord) -> Created:
    """Return what the first sending created; raise IdempotencyKeyReused, MailboxEnded or Frozen."""
    if not hmac.compare_digest(bytes(record.request_digest), attempt.request_digest):
        raise IdempotencyKeyReused
    token = attempt.token(bytes(record.salt))
    try:
        opened = reading.open_by_token(token)
    except UnknownToken:
        raise MailboxEnded from None
    return Created(opened.mailbox, opened.address, token)
