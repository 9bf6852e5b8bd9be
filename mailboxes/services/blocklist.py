"""What is blocked, and whether creation is paused, in memory: a copy of the database, a few seconds old at most."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from django.db.models.functions import Now

from mailboxes.models.abuse import AbuseControls, Block
from mailboxes.rules import networks, senders
from mailboxes.rules.networks import NetworkTable
from mailboxes.services import keys

REFRESH = 2.0  # seconds
CONTROLS = 1  # the one row's key
_FOREVER = float("inf")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The blocks in force at one moment, each with its end in monotonic seconds."""

    version: int
    creation_paused: bool
    by_sender: Mapping[bytes, float]
    by_domain: Mapping[str, float]
    by_name: Mapping[str, float]
    by_network: NetworkTable

    def refuses_sender(self, sender: str) -> bool:
        """Tell whether mail of this envelope sender is refused. That of the null sender never is."""
        if not sender or not (self.by_sender or self.by_domain):
            return False
        now = time.monotonic()
        parents = senders.with_parents(senders.domain_of(sender))
        if self.by_domain and any(self.by_domain.get(each, now) > now for each in parents):
            return True
        return (
            bool(self.by_sender)
            and self.by_sender.get(keys.sender_digest(senders.normalize(sender)), now) > now
        )

    def refuses_client(self, address: networks.Address) -> bool:
        """Tell whether this address lies in a blocked network."""
        return self.by_network.holds(address, time.monotonic())

    def refused_names(self) -> frozenset[str]:
        """Return the names that may not be chosen."""
        now = time.monotonic()
        return frozenset(name for name, until in self.by_name.items() if until > now)


class Blocklist:
    """A snapshot that is renewed when it is old and something has changed. Safe for threads."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._snapshot: Snapshot | None = None
        self._checked_at = 0.0
        self._lock = threading.Lock()

    def current(self) -> Snapshot:
        """Return the snapshot; one query every few seconds, two after a change. Raises django.db.Error.

        While the database is away there is no answer: at RCPT that is 451 as without any block, and nothing is lost.
        """
        known = self._snapshot
        if known is not None and self._now() < self._checked_at + REFRESH:
            return known
        # Whoever finds another thread asking goes on with what is known.
        if not self._lock.acquire(blocking=known is None) and known is not None:
            return known
        try:
            asked_at = self._now()
            fresh = _renewed(known)
            self._snapshot, self._checked_at = fresh, asked_at
            return fresh
        finally:
            self._lock.release()

    def forget(self) -> None:
        """Ask the database at the next question."""
        self._snapshot = None


def _renewed(known: Snapshot | None) -> Snapshot:
    row = AbuseControls.objects.filter(pk=CONTROLS).first() or AbuseControls()
    paused = row.creation_paused_at is not None
    if known is None or known.version != row.blocks_version:
        return _loaded(row.blocks_version, paused)
    if known.creation_paused == paused:
        return known
    return replace(known, creation_paused=paused)


def _loaded(version: int, paused: bool) -> Snapshot:
    """Load all blocks. Where one changes between the two queries, the version tells it next time."""
    monotonic = time.monotonic()
    by_kind: dict[str, list[tuple[str, bytes, float]]] = {kind: [] for kind in Block.Kind}
    rows = Block.objects.annotate(now=Now()).values_list(
        "kind", "value", "digest", "expires_at", "now"
    )
    for kind, value, digest, expires_at, now in rows:
        left = _FOREVER if expires_at is None else (expires_at - now).total_seconds()
        by_kind[kind].append((value, bytes(digest), monotonic + left))
    return Snapshot(
        version,
        paused,
        by_sender={digest: until for _, digest, until in by_kind[Block.Kind.SENDER]},
        by_domain={value: until for value, _, until in by_kind[Block.Kind.DOMAIN]},
        by_name={value: until for value, _, until in by_kind[Block.Kind.NAME]},
        by_network=NetworkTable(
            (networks.parse_network(value), until)
            for value, _, until in by_kind[Block.Kind.NETWORK]
        ),
    )


_blocklist = Blocklist()
current = _blocklist.current
forget = _blocklist.forget
