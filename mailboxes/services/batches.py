"""Writing what arrived: for all messages of one transaction together, one statement a table."""

import uuid
from collections import defaultdict
from datetime import datetime
from functools import partial

from django.db import transaction

from mailboxes import live
from mailboxes.models.mailboxes import Mailbox
from mailboxes.models.messages import Message, MessageSource
from mailboxes.rules import sealing
from mailboxes.services import activity, prepared, webhook_outbox
from mailboxes.services.parcels import Parcel

# In memory at a time: a message of 25 MB to fifty recipients is sealed fifty times, and psycopg2 writes bytes in hex.
PART_BYTES = 4 * 1024 * 1024
_COUNTED = ("last_sequence", "message_count", "stored_bytes")


class Batch:
    """Messages for mailboxes whose rows this transaction has locked. To be used once."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._messages: list[Message] = []
        self._sources: list[MessageSource] = []
        self._held = 0  # bytes of both
        self._told: list[tuple[str, str]] = []
        self._mailboxes: dict[int, Mailbox] = {}
        self._changed: dict[int, set[str]] = defaultdict(set)  # fields, by primary key

    def add(self, mailbox: Mailbox, parcel: Parcel) -> None:
        """Put a message into a mailbox. Raises django.db.Error."""
        message_id, public_key = uuid.uuid4(), bytes(mailbox.public_key)
        mailbox.last_sequence += 1
        mailbox.message_count += 1
        mailbox.stored_bytes += parcel.size
        self._mailboxes[mailbox.pk] = mailbox
        self._changed[mailbox.pk].update(_COUNTED, activity.note(mailbox, self._now))
        summary = sealing.seal(public_key, sealing.Kind.SUMMARY, message_id.bytes, parcel.summary)
        source = sealing.seal(public_key, sealing.Kind.SOURCE, message_id.bytes, parcel.source)
        self._messages.append(
            Message(
                id=message_id,
                mailbox=mailbox,
                sequence=mailbox.last_sequence,
                received_at=self._now,
                size=parcel.size,
                partial=parcel.partial,
                sealed_summary=summary,
            )
        )
        self._sources.append(MessageSource(received_at=self._now, id=message_id, sealed=source))
        self._held += len(summary) + len(source)
        if self._held > PART_BYTES:
            prepared.run(self._inserts())

    def write(self) -> None:
        """Write what is left; whoever watches is told after the commit. Raises django.db.Error."""
        updates = [
            prepared.update(mailbox, self._changed[key]) for key, mailbox in self._mailboxes.items()
        ]
        if writes := [*self._inserts(), *updates]:
            prepared.run(writes)
        if self._told:
            transaction.on_commit(partial(live.publish_all, self._told), robust=True)

    def _inserts(self) -> list[prepared.Write]:
        """Give up what is held, as statements."""
        messages, sources = self._messages, self._sources
        self._messages, self._sources, self._held = [], [], 0
        for message in messages:
            webhook_outbox.write(message.mailbox, message.id, self._now)
            self._told.append((message.mailbox.public_id, message.id.hex))
        return [prepared.insert(messages), prepared.insert(sources)] if messages else []
