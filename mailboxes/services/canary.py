"""The canary: the service tries itself, as a stranger would, and notes what it saw.

A run makes a mailbox, mails it through the mail server and looks whether and when the mail can be read. A later one
looks, when that mailbox has ended, whether anything is left of it. Address and token of a run are sealed to the
operators' key: in Redis they would be lost with it, and each loss would look like a fault of the service.
"""

import json
import logging
import secrets
import time
import uuid
from dataclasses import asdict, dataclass
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime

from django.conf import settings
from django.db.models.functions import Now

from mailboxes.models.domains import Domain
from mailboxes.models.mailboxes import Mailbox
from mailboxes.models.messages import Message, MessageSource
from mailboxes.models.records import CanaryRun, PurgeRecord
from mailboxes.rules import lifetimes, sealing
from mailboxes.rules.errors import TempmailError, UnknownToken
from mailboxes.services import canary_mail, clock, creation, ending, keys, metrics, reading

logger = logging.getLogger(__name__)

Reason, State = CanaryRun.Reason, CanaryRun.State

# Seconds. One task does all of it and holds up no other for longer, whatever hangs.
_LOOKING_BACK, _SENDING, _ARRIVING = 4.0, 5.0, 6.0
_FIRST_LOOK, _LONGEST_PAUSE = 0.01, 0.2
_PURGE_WITHIN = 600
_AT_ONCE = 10
_GONE = 550


class Failed(Exception):
    """A trial failed, for this reason."""

    def __init__(self, reason: CanaryRun.Reason) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class _Trial:
    """What is to be looked for after the end. Times in ISO format; no message before it came."""

    address: str
    token: str
    mailbox: int
    public_id: str
    message: str = ""
    received_at: str = ""


def interval() -> int:
    """Return how many seconds lie between two runs; 0 when the operator wants none."""
    return int(settings.CANARY_INTERVAL)


def run() -> int:
    """Look at runs whose mailbox has ended, then make a new one; return how many failed.

    Takes 15 s at most. May be repeated at any time, and stopped at any time.
    """
    return look_back() + (begin().state == State.FAILED)


def begin() -> CanaryRun:
    """Make a mailbox, mail it, wait for the mail, and note what happened; return the run."""
    one = CanaryRun(id=uuid.uuid4(), started_at=clock.now())
    try:
        created = creation.create(lifetime=lifetimes.MINIMUM)
    except TempmailError:
        return _finish(one, Reason.NO_MAILBOX)
    mailbox = created.mailbox
    trial = _Trial(created.address, created.token, mailbox.pk, mailbox.public_id)
    _keep(one, trial)
    try:
        one.delivery_ms, came = _mail(trial)
    except Failed as failure:
        return _finish(one, failure.reason)
    _keep(one, came)
    return one


def deliver_to(domain: Domain) -> int:
    """Mail a new mailbox on this domain and return how many ms later it could be read; raise Failed.

    It is ended at once, and leaves no run: those are of the service as a whole. Takes 11 s at most.
    """
    try:
        created = creation.create(domain=domain.name, lifetime=lifetimes.MINIMUM, among=[domain])
    except TempmailError:
        raise Failed(Reason.NO_MAILBOX) from None
    mailbox = created.mailbox
    try:
        return _mail(_Trial(created.address, created.token, mailbox.pk, mailbox.public_id))[0]
    finally:
        ending.end(mailbox)


def look_back() -> int:
    """Judge the runs whose mailbox has ended and return how many failed; one that waits for its purge is left."""
    failed = 0
    deadline = time.monotonic() + _LOOKING_BACK
    runs = CanaryRun.objects.filter(state=State.RUNNING, ends_at__lte=Now())
    for one in runs.order_by("started_at")[:_AT_ONCE]:
        try:
            lag = _lag_of_purge(one, _opened(one), deadline)
        except Failed as failure:
            _finish(one, failure.reason)
        except TimeoutError:
            continue
        else:
            one.purge_lag_ms = lag
            _finish(one, None if one.delivery_ms is not None else Reason.INTERRUPTED)
        failed += one.state == State.FAILED
    return failed


def _mail(trial: _Trial) -> tuple[int, _Trial]:
    """Send a message and wait until it can be read; return how many ms that took, and what came. Raises Failed."""
    mark = secrets.token_hex(16)
    try:
        accepted = canary_mail.send(
            _message(trial.address, mark), trial.address, time.monotonic() + _SENDING
        )
    except canary_mail.Refused:
        raise Failed(Reason.REFUSED) from None
    message_id, received_at = _arrived(trial.mailbox, accepted + _ARRIVING)
    took = round((time.monotonic() - accepted) * 1000)
    _read(trial, mark)
    came = {"message": message_id.hex, "received_at": received_at.isoformat()}
    return took, _Trial(**{**asdict(trial), **came})


def _message(address: str, mark: str) -> EmailMessage:
    message = EmailMessage()
    message["From"] = message["To"] = address
    message["Date"] = format_datetime(clock.now())
    message["Subject"] = f"Canary {mark}"
    message.set_content(f"The service tries itself: {mark}\n")
    return message


def _arrived(mailbox: int, deadline: float) -> tuple[uuid.UUID, datetime]:
    """Wait for the message by asking the database, ever less often. Raises Failed."""
    pause = _FIRST_LOOK
    rows = Message.objects.filter(mailbox_id=mailbox).values_list("id", "received_at")
    while (found := rows.first()) is None:
        if time.monotonic() >= deadline:
            raise Failed(Reason.LATE)
        time.sleep(pause)
        pause = min(pause * 1.2, _LONGEST_PAUSE)
    return found


def _read(trial: _Trial, mark: str) -> None:
    """Read it as its owner would, with nothing but the token. Raises Failed."""
    try:
        opened = reading.open_by_token(trial.token)
        (item,) = reading.page(opened, limit=2).items
        source = reading.source(opened, item.id)
    except (TempmailError, ValueError):
        raise Failed(Reason.UNREADABLE) from None
    if item.summary.subject != f"Canary {mark}" or mark.encode() not in source:
        raise Failed(Reason.UNREADABLE)


def _lag_of_purge(one: CanaryRun, trial: _Trial, deadline: float) -> int | None:
    """Return how late (ms) the purge was, None where that is not known any more.

    Raises Failed; TimeoutError when it is to be looked at again.
    """
    assert one.ends_at is not None  # noqa: S101 - the query asks for those that have one
    is_late = (clock.now() - one.ends_at).total_seconds() > _PURGE_WITHIN
    _check_token(trial)
    _check_recipient(trial, deadline, is_late)
    if Mailbox.objects.filter(pk=trial.mailbox).exists():
        raise Failed(Reason.STILL_THERE) if is_late else TimeoutError
    if _is_anything_left(trial):
        raise Failed(Reason.LEFT_BEHIND)
    rows = PurgeRecord.objects.filter(mailbox_public_id=trial.public_id)
    purged_at = rows.values_list("purged_at", flat=True).first()
    if purged_at is None:
        return None
    return max(0, round((purged_at - one.ends_at).total_seconds() * 1000))


def _check_token(trial: _Trial) -> None:
    try:
        reading.open_by_token(trial.token)
    except UnknownToken:
        return
    except TempmailError:  # a frozen one is none that opens, but it is none that has ended either
        pass
    raise Failed(Reason.STILL_OPENS)


def _check_recipient(trial: _Trial, deadline: float, is_late: bool) -> None:
    code = canary_mail.answer_to(trial.address, deadline)
    if code == _GONE:
        return
    if code is not None and code < 400:
        raise Failed(Reason.STILL_ACCEPTED)
    raise Failed(Reason.NO_ANSWER) if is_late else TimeoutError


def _is_anything_left(trial: _Trial) -> bool:
    if Message.objects.filter(mailbox_id=trial.mailbox).exists():
        return True
    if not trial.message:
        return False
    message = uuid.UUID(trial.message)
    sources = MessageSource.objects.filter(
        received_at=datetime.fromisoformat(trial.received_at), id=message
    )
    return sources.exists() or Message.objects.filter(id=message).exists()


def _keep(one: CanaryRun, trial: _Trial) -> None:
    """Save a run that goes on, with when its mailbox will end."""
    mailbox = Mailbox.objects.get(pk=trial.mailbox)
    one.ends_at = mailbox.ends_at
    words = sealing.pack(json.dumps(asdict(trial)).encode())
    one.sealed = sealing.seal(keys.operator_public_key(), sealing.Kind.CANARY, one.id.bytes, words)
    one.save()


def _opened(one: CanaryRun) -> _Trial:
    words = sealing.unseal(
        keys.operator_private_key(), sealing.Kind.CANARY, one.id.bytes, bytes(one.sealed)
    )
    return _Trial(**json.loads(words))


def _finish(one: CanaryRun, reason: CanaryRun.Reason | None) -> CanaryRun:
    """Save the result, and forget address and token."""
    one.state = State.FAILED if reason else State.PASSED
    one.reason = reason or ""
    one.sealed = b""
    one.save()
    metrics.CANARY_RUNS.add(result=reason.value if reason else "passed")
    if reason:
        logger.warning("canary failed", extra={"reason": reason.value})
    return one
