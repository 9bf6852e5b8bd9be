"""What operators block, for how long and why: the one place that changes it. Who asks, asks `blocklist`."""

import secrets
from collections.abc import Callable
from datetime import timedelta

from django.db import transaction
from django.db.models.functions import Now

from mailboxes.models.abuse import AbuseControls, Block, ModerationRecord
from mailboxes.rules import addresses, networks, senders
from mailboxes.rules.errors import InvalidAddress, LocalPartNotAllowed, NotFound, TooManyBlocks
from mailboxes.services import audit, blocklist, clock, keys

MAX_BLOCKS = 20_000  # all of them are in the memory of every process


def add(
    kind: str, value: str, *, reason: str, seconds: int | None = None, actor: str = ""
) -> Block:
    """Block a value, for `seconds` or until it is removed; one that is blocked gets the new reason and end.

    Raises InvalidAddress (sender, domain), InvalidNetwork, LocalPartNotAllowed (name), TooManyBlocks.
    """
    kind = Block.Kind(kind)
    value, digest = _identity(kind, value)
    with transaction.atomic():
        now = clock.now()
        if Block.objects.count() >= MAX_BLOCKS:
            raise TooManyBlocks
        ends = None if seconds is None else now + timedelta(seconds=seconds)
        fields = {"kind": kind, "value": value, "reason": audit.words(reason)}
        times = {"created_at": now, "expires_at": ends}
        block, _is_new = Block.objects.update_or_create(digest=digest, defaults=fields | times)
        _changed(ModerationRecord.Act.BLOCK, block, reason, actor)
    return block


def remove(pk: int, *, reason: str = "", actor: str = "") -> None:
    """Remove a block by its number. Raises NotFound."""
    with transaction.atomic():
        block = Block.objects.filter(pk=pk).first()
        if block is None:
            raise NotFound
        _changed(ModerationRecord.Act.UNBLOCK, block, reason, actor)
        block.delete()


def find(kind: str, value: str) -> Block | None:
    """Return the block of exactly this value, also of a sender. Raises as `add` does."""
    _value, digest = _identity(Block.Kind(kind), value)
    return Block.objects.filter(digest=digest).first()


def purge() -> int:
    """Remove blocks whose time is over; return how many. Nothing refuses by them any more."""
    return Block.objects.filter(expires_at__lte=Now()).delete()[0]


def controls() -> AbuseControls:
    """Return the one row, locked; to be called in a transaction."""
    AbuseControls.objects.get_or_create(pk=blocklist.CONTROLS)
    return AbuseControls.objects.select_for_update().get(pk=blocklist.CONTROLS)


def _changed(act: ModerationRecord.Act, block: Block, reason: str, actor: str) -> None:
    """Record the act, and let every process load the blocks again once this is committed."""
    audit.record(act, f"{block.kind} {block.pk}", reason=reason, actor=actor)
    row = controls()
    row.blocks_version = secrets.randbits(62)
    row.save(update_fields=("blocks_version",))
    transaction.on_commit(blocklist.forget)


def _identity(kind: Block.Kind, value: str) -> tuple[str, bytes]:
    """Return what is kept of a value in clear, and the digest that is unique for it."""
    if kind is Block.Kind.SENDER:
        if not all(senders.normalize(value).partition("@")):
            raise InvalidAddress
        return "", keys.sender_digest(senders.normalize(value))
    clear = _CLEAR[kind](value)
    return clear, senders.digest(f"{kind}:{clear}", keys.address_digest_key())


def _name(value: str) -> str:
    name = addresses.plain(value.strip())
    if not name.isascii() or not name.isalnum() or len(name) > addresses.LONGEST_LOCAL_PART:
        raise LocalPartNotAllowed
    return name


_CLEAR: dict[Block.Kind, Callable[[str], str]] = {
    Block.Kind.DOMAIN: addresses.normalize_domain,
    Block.Kind.NETWORK: lambda value: str(networks.parse_network(value)),
    Block.Kind.NAME: _name,
}
