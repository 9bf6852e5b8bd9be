"""Webhooks of a mailbox as its owner has them: made, listed, removed."""

import contextlib
import json
import uuid
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from mailboxes.models.mailboxes import Mailbox
from mailboxes.models.webhooks import Webhook, WebhookEvent
from mailboxes.rules import sealing, webhook_signatures
from mailboxes.rules.errors import NotFound, SealBroken, TooManyWebhooks, WebhooksOff
from mailboxes.rules.sealing import Kind
from mailboxes.services import clock, ending, keys, webhook_outbox, webhook_targets

MOST = 3


@dataclass(frozen=True, slots=True)
class Shown:
    """A webhook. `secret` is there once, when it is made."""

    id: uuid.UUID
    url: str
    created_at: datetime
    last_result: str
    is_disabled: bool
    secret: str = ""


def create(mailbox: Mailbox, url: str) -> Shown:
    """Have a URL told of the mail that comes from now on.

    Raises WebhooksOff, WebhookRefused, TooManyWebhooks; Frozen, and NotFound when the mailbox has ended meanwhile.
    """
    if not webhook_outbox.is_on():
        raise WebhooksOff
    target = webhook_targets.check(url)
    webhook_id, secret = uuid.uuid4(), webhook_signatures.new_secret()
    packed = sealing.pack(json.dumps([url, secret]).encode())
    with transaction.atomic():
        locked = ending.lock(mailbox)
        if locked.webhook_count >= MOST:
            raise TooManyWebhooks
        webhook = Webhook.objects.create(
            id=webhook_id,
            mailbox=locked,
            created_at=clock.now(),
            sealed=sealing.seal(keys.operator_public_key(), Kind.WEBHOOK, webhook_id.bytes, packed),
            domain_digest=webhook_targets.digest(target.domain),
        )
        _count(locked)
    return Shown(webhook_id, url, webhook.created_at, webhook.last_result, False, secret)


def of(mailbox: Mailbox) -> list[Shown]:
    """Return the webhooks of a mailbox, the first one first."""
    return [
        Shown(row.id, _url(row), row.created_at, row.last_result, row.disabled_at is not None)
        for row in Webhook.objects.filter(mailbox=mailbox)
    ]


def remove(mailbox: Mailbox, webhook_id: uuid.UUID) -> None:
    """Remove a webhook: nothing is sent to it any more. Raises NotFound, Frozen."""
    with transaction.atomic():
        locked = ending.lock(mailbox)
        # in the order in which everybody locks: events, then webhooks
        WebhookEvent.objects.filter(webhook_id=webhook_id, webhook__mailbox=locked).delete()
        removed, _ = Webhook.objects.filter(pk=webhook_id, mailbox=locked).delete()
        if not removed:
            raise NotFound
        _count(locked)


def _count(locked: Mailbox) -> None:
    locked.webhook_count = locked.webhooks.count()
    locked.save(update_fields=("webhook_count",))


def _url(row: Webhook) -> str:
    with contextlib.suppress(SealBroken):  # the operators' key is another one now
        return webhook_outbox.opened(row.id, bytes(row.sealed))[0]
    return ""
