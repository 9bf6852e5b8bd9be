"""Judges who sends, before the recipient is looked at: blocks, caps per minute, and clients that guess addresses.

Nothing here asks the database but for what is blocked, every few seconds. Nobody is made to wait: a worker thread or an
smtpd(8) that sleeps is held by the client it sleeps for. 421 ends the session instead (smtpd(8) hangs up after it), so
that the next guess costs a new connection, of which anvil(8) counts the rate.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from delivery import database
from delivery.rates import RateBook
from mailboxes.rules import networks, senders
from mailboxes.rules.networks import NetworkTable
from mailboxes.services import blocklist
from mailboxes.services.recipients import RecipientStatus

# Permanent: who is blocked is to stop trying. The text is one for a sender and its whole domain, so that it does not
# tell which; a network has another, so that an honest operator of it knows what to look at.
SENDER_BLOCKED = "550 5.7.1 Mail from this sender is not accepted here"
CLIENT_BLOCKED = "554 5.7.1 Mail from this network is not accepted here"
# Temporary: an honest sender tries again, and loses minutes.
SENDER_TOO_FAST = "450 4.7.1 Too much mail from this domain in a minute, try again later"
CLIENT_TOO_FAST = "450 4.7.1 Too much mail from this client in a minute, try again later"
GUESSING = "421 4.7.0 Too many unknown recipients, try again later"

CUT_OFF_AFTER = 3  # times the number of unknown recipients from which on a client is slowed
HONEST_SHARE = 5  # a client with one living recipient among so many is none that guesses


@dataclass(frozen=True, slots=True)
class SenderLimits:
    """Recipients a minute: let in for a sender domain; asked for by a client; unknown ones of a client. 0: no limit."""

    sender_domain: int = 0
    client: int = 0
    unknown: int = 0
    cut_off_seconds: int = 300
    unlimited: NetworkTable = field(default_factory=lambda: networks.table([]))


class Party:
    """Who asks for one recipient: the keys under which the client and the sender's domain are counted."""

    __slots__ = ("address", "client", "domain", "sender")

    def __init__(self, attributes: Mapping[str, str], book: RateBook) -> None:
        self.sender = attributes.get("sender", "")
        self.address = networks.parse_address(attributes.get("client_address", ""))
        domain = senders.organization(senders.domain_of(self.sender))
        self.client = self.address and book.key("client", networks.client_network(self.address))
        self.domain = book.key("domain", domain) if domain else None


class SenderJudge:
    """Answers for a sender and its client, in one thread of one worker process."""

    def __init__(self, book: RateBook, limits: SenderLimits) -> None:
        self._book, self._limits = book, limits

    def party(self, attributes: Mapping[str, str]) -> Party:
        """Who asks. Never raises, whatever the attributes hold."""
        return Party(attributes, self._book)

    def refusal(self, party: Party) -> str:
        """The reply for one that is refused whatever the recipient; '' for all others. Raises django.db.Error."""
        snapshot = database.ask(blocklist.current)
        if party.address and snapshot.refuses_client(party.address):
            return CLIENT_BLOCKED
        if snapshot.refuses_sender(party.sender):
            return SENDER_BLOCKED
        return "" if self._is_unlimited(party) else self._excess(party)

    def note(self, party: Party, status: RecipientStatus) -> str:
        """Count a judged recipient; give the reply for a client that is slowed down for it, else ''."""
        if self._is_unlimited(party):
            return ""
        if status is RecipientStatus.ACCEPTED:
            for key in (party.client, party.domain):
                if key:
                    self._book.add(key, let_in=1)
        elif status is not RecipientStatus.FULL and party.client and self._limits.unknown:
            self._book.add(party.client, unknown=1)
            return self._slowing(party.client)
        return ""

    def _is_unlimited(self, party: Party) -> bool:
        return party.address is not None and self._limits.unlimited.holds(party.address, 0)

    def _excess(self, party: Party) -> str:
        limits = self._limits
        if party.client and (limits.client or limits.unknown):
            counts = self._book.counts(party.client)
            if counts.is_cut_off:
                return GUESSING
            # Both, so that a few living addresses of one's own are no leave to guess without end.
            if 0 < limits.client <= counts.let_in + counts.unknown:
                return CLIENT_TOO_FAST
        if party.domain and 0 < limits.sender_domain <= self._book.counts(party.domain).let_in:
            return SENDER_TOO_FAST
        return ""

    def _slowing(self, client: bytes) -> str:
        counts = self._book.counts(client)
        if counts.let_in * HONEST_SHARE >= counts.unknown + counts.let_in:
            return ""
        if counts.unknown > self._limits.unknown * CUT_OFF_AFTER:
            self._book.cut_off(client, self._limits.cut_off_seconds)
        return GUESSING if counts.unknown > self._limits.unknown else ""
