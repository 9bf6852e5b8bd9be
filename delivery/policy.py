"""The Postfix policy protocol (SMTPD_POLICY_README): parsing a question, wording the answer."""

import logging
import time
from collections.abc import Mapping

from django.db import Error

from delivery import database, sender_judge
from delivery.admissions import AdmissionBook
from delivery.sender_judge import SenderJudge
from mailboxes.services import metrics, timeline
from mailboxes.services.recipients import (
    NOTHING_PENDING,
    RecipientStatus,
    counting_key,
    recipient_status,
)

logger = logging.getLogger(__name__)

MAX_REQUEST = 64 * 1024  # bytes; Postfix sends about 1 KB
MAX_ATTRIBUTES = 200
MAX_SIZE = 1 << 40  # bytes; smtpd(8) refuses a larger SIZE= than its limit long before

DUNNO = "DUNNO"
UNKNOWN = "550 5.1.1 No such mailbox"
FULL = "452 4.2.2 Mailbox full"
FOREIGN = "554 5.7.1 Relay access denied"
TEMPORARY = "451 4.3.0 Temporary lookup failure"

ACTIONS = {
    RecipientStatus.ACCEPTED: DUNNO,
    RecipientStatus.UNKNOWN: UNKNOWN,
    RecipientStatus.FULL: FULL,
    RecipientStatus.FOREIGN: FOREIGN,
}

# What each answer at RCPT means.
VERDICTS = {
    DUNNO: "accepted",
    UNKNOWN: "unknown",
    FULL: "full",
    FOREIGN: "foreign",
    TEMPORARY: "temporary",
    sender_judge.SENDER_BLOCKED: "blocked",
    sender_judge.CLIENT_BLOCKED: "blocked",
    sender_judge.SENDER_TOO_FAST: "slowed",
    sender_judge.CLIENT_TOO_FAST: "slowed",
    sender_judge.GUESSING: "cut_off",
}
# Of these the owner of an address is told; who asks for one that does not exist leaves nothing.
TOLD = {
    "accepted": None,
    "full": timeline.Reason.FULL,
    "blocked": timeline.Reason.BLOCKED,
    "slowed": timeline.Reason.SLOWED,
    "cut_off": timeline.Reason.CUT_OFF,
    "temporary": timeline.Reason.TEMPORARY,
}


class PolicyError(Exception):
    """What arrived is not a policy request, or one beyond the limits."""


def parse(request: bytes) -> dict[str, str]:
    """The attributes of one request, without its empty last line. Raises PolicyError.

    Of a repeated name the first counts; smtpd(8) never repeats one nor lets a client add any.
    """
    lines = request.split(b"\n")
    if len(lines) > MAX_ATTRIBUTES:
        raise PolicyError("too many attributes")
    attributes: dict[str, str] = {}
    for line in lines:
        name, equals, value = line.partition(b"=")
        if not name or not equals:
            raise PolicyError("no attribute")
        attributes.setdefault(name.decode("ascii", "replace"), value.decode("utf-8", "replace"))
    return attributes


def answer(action: str) -> bytes:
    """The reply as smtpd(8) reads it."""
    return b"action=%b\n\n" % action.encode("ascii")


def size_of(attributes: Mapping[str, str]) -> int:
    """The size that the client declared, in bytes; 0 if none."""
    declared = attributes.get("size", "")[:20]
    return min(int(declared), MAX_SIZE) if declared.isascii() and declared.isdigit() else 0


class RecipientJudge:
    """Answers for a recipient from the database and from what was let in, in one thread.

    Who sends is judged first, from memory: what is blocked or too fast costs the database nothing.
    """

    SLOW = 0.5  # seconds a failure may take before others are spared it
    REST = 0.5  # seconds in which nobody else waits for a database that hangs

    def __init__(self, book: AdmissionBook, senders: SenderJudge) -> None:
        self._book, self._senders = book, senders
        self._rest_until = 0.0

    def __call__(self, attributes: Mapping[str, str]) -> str:
        """The action for a request at RCPT; temporary for anything else. Never raises."""
        if attributes.get("request") != "smtpd_access_policy":
            return TEMPORARY
        if attributes.get("protocol_state") != "RCPT":
            return DUNNO
        started = time.monotonic()
        action = self._judge(attributes)
        metrics.RCPT.add(result=VERDICTS[action])
        metrics.RCPT_SECONDS.observe(time.monotonic() - started)
        tell(attributes, VERDICTS[action])
        return action

    def _judge(self, attributes: Mapping[str, str]) -> str:
        started = time.monotonic()
        if started < self._rest_until:
            return TEMPORARY
        try:
            party = self._senders.party(attributes)
            if refusal := self._senders.refusal(party):
                return refusal
            status = self._status(attributes.get("recipient", ""), size_of(attributes))
            return self._senders.note(party, status) or ACTIONS[status]
        except Error as error:
            now = time.monotonic()
            if now - started > self.SLOW:
                self._rest_until = now + self.REST
            logger.warning("no answer from the database at RCPT: %s", type(error).__name__)
        except Exception as error:  # noqa: BLE001 - unknown is temporary
            logger.error("a recipient could not be judged: %s", type(error).__name__)
        return TEMPORARY

    def _status(self, recipient: str, size: int) -> RecipientStatus:
        key = counting_key(recipient)
        # Asked before the database: what is stored in between counts twice rather than not at all.
        pending = self._book.pending(key) if key else NOTHING_PENDING
        status = database.ask(lambda: recipient_status(recipient, pending))
        if key and status is RecipientStatus.ACCEPTED:
            self._book.admit(key, size)
        return status


def tell(attributes: Mapping[str, str], verdict: str) -> None:
    """Note an answer at RCPT for the owner of the address. Waits for nothing."""
    if verdict in TOLD:
        timeline.asked(
            attributes.get("recipient", ""),
            TOLD[verdict],
            # Empty without TLS, and always so from a Postfix that was built without it (SMTPD_POLICY_README).
            tls=attributes.get("encryption_protocol", ""),
            size=size_of(attributes),
        )
