"""What a worker process does with complete deliveries: store each, answer after its commit."""

import logging
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterator, Sequence

from django.db import DataError, Error

from delivery import database, protocol
from delivery.admissions import AdmissionBook
from delivery.protocol import Request
from delivery.scoreboard import Scoreboard
from delivery.truncation import ShortMessages
from mailboxes.rules.summary import Summary
from mailboxes.services import intake, log_context, metrics, recipients, timeline
from mailboxes.services.intake import Delivery
from mailboxes.services.parcels import Envelope

logger = logging.getLogger(__name__)

Summarize = Callable[[bytes], Summary]
SHORT, STORAGE = timeline.Reason.SHORT, timeline.Reason.STORAGE
FAILED = "failed"  # for a cause that nobody foresaw; its recipients are told what they are told of STORAGE

# One transaction: a mailbox stays locked, and answers wait, for as long as it lasts.
MAX_GROUP = 32  # messages
MAX_GROUP_BYTES = 8 * 1024 * 1024
MAX_GROUP_SECONDS = 0.2  # of parsing


class IntakeHandler:
    """Stores deliveries, in one process: a group in one transaction, else each in its own."""

    def __init__(self, summarize: Summarize, board: Scoreboard, book: AdmissionBook) -> None:
        self._summarize, self._board, self._book = summarize, board, book
        self._short = ShortMessages()
        self._failed = False
        self._began = 0.0  # monotonic seconds, of the group under way

    def __call__(self, requests: Sequence[Request]) -> Iterator[bytes]:
        """An answer for each request, in order and as soon as it is known. Never raises.

        What is complete at the same time shares transactions: a commit costs more than a message.
        """
        waiting = deque(requests)
        while waiting:
            metrics.INGEST_IN_FLIGHT.set(len(waiting))
            yield from self._answer_some(waiting)
        metrics.INGEST_IN_FLIGHT.set(0)

    def _answer_some(self, waiting: deque[Request]) -> Iterator[bytes]:
        """Takes a group from the front of what waits; gives its answers after their commit."""
        started, size = time.monotonic(), 0
        self._began = started
        group: list[Request] = []
        short: set[int] = set()
        ready: list[Delivery] = []
        while waiting and len(group) < MAX_GROUP and size < MAX_GROUP_BYTES:
            group.append(waiting.popleft())
            size += len(group[-1].body)
            with log_context.delivery(group[-1].queue_id):
                if self._is_short(group[-1]):
                    short.add(len(group) - 1)
                elif delivery := self._prepared(group[-1]):
                    ready.append(delivery)
            # Whoever is ready does not wait for what is slow to parse.
            if time.monotonic() - started > MAX_GROUP_SECONDS:
                break
        all_ready = ready and len(ready) == len(group) - len(short)
        together = self._store_together(ready) if all_ready else False
        for place, one in enumerate(group):
            if place in short or together is None:
                yield self._defer(one, SHORT if place in short else STORAGE)
            else:
                yield self._answer(one, bool(together))

    def _is_short(self, request: Request) -> bool:
        defers = self._short.defers(request.queue_id, request.size, request.body)
        if defers:
            metrics.INGEST_MESSAGES.add(result="truncated")
        return defers

    def _prepared(self, request: Request) -> Delivery | None:
        try:
            return intake.prepare(envelope_of(request), request.body, self._summarize)
        except Exception as error:  # noqa: BLE001 - then it is tried alone
            logger.warning("a message could not be made ready", extra=_about(request, error))
            return None

    def _store_together(self, deliveries: list[Delivery]) -> bool | None:
        """Whether all are stored, by one commit; None when the database is away."""
        try:
            database.check_room()
            database.ask(lambda: intake.store_many(deliveries))
        except Exception as error:  # noqa: BLE001 - nothing is stored, or it is found as a duplicate
            if isinstance(error, database.AWAY) and not database.can_store():
                logger.error("deliveries failed", extra=_of_several(deliveries, error))
                self._board.want_flush()
                metrics.INGEST_MESSAGES.add(len(deliveries), result="database")
                return None
            logger.warning("deliveries go one by one", extra=_of_several(deliveries, error))
            return False
        return True

    def _answer(self, request: Request, is_stored: bool) -> bytes:
        try:
            if not is_stored:
                with log_context.delivery(request.queue_id):
                    self._store(request)
        except Exception as error:  # noqa: BLE001 - unknown is temporary: Postfix keeps the message
            self._failed = isinstance(error, database.AWAY)
            metrics.INGEST_MESSAGES.add(result="database" if self._failed else "failed")
            if not database.can_store():
                self._board.want_flush()
            return self._defer(request, STORAGE if self._failed else FAILED, error)
        self._settle(request)
        return protocol.STORED

    def _defer(self, request: Request, reason: str, error: BaseException | None = None) -> bytes:
        """The answer that leaves a message in Postfix's queue, with the one line about it."""
        took = round((time.monotonic() - self._began) * 1000, 1)
        told = {"result": "deferred", "reason": reason, "duration_ms": took}
        # what failed alone has its own cause; the others share one, which was told once, or mend by themselves
        level = logging.ERROR if error else logging.WARNING
        logger.log(level, "deferred", extra={**_about(request, error), **told})
        return later(request, SHORT if reason == SHORT else STORAGE)

    def _settle(self, request: Request) -> None:
        if self._failed:  # a full disk of PostgreSQL shows only in writing: now there is room again
            self._failed = False
            self._board.want_flush()
        # After the commit: for a moment both counts have it, never neither.
        for recipient in request.recipients:
            if key := recipients.counting_key(recipient):
                self._book.settle(key, len(request.body))

    def _store(self, request: Request) -> None:
        database.check_room()

        def store(summarize: Summarize) -> None:
            database.ask(lambda: intake.store(envelope_of(request), request.body, summarize))

        try:
            store(self._summarize)
        except Exception as error:
            if isinstance(error, Error) and not isinstance(error, DataError):
                raise
            # Poison that shows only behind the parser: never an endless 75.
            logger.warning("a message is stored unparsed", extra=_about(request, error))
            store(Summary.of_unread)


def later(request: Request, reason: timeline.Reason) -> bytes:
    """The answer that leaves a message in Postfix's queue; its recipients may see why."""
    timeline.deferred(request.recipients, request.queue_id, reason)
    return protocol.LATER


def envelope_of(request: Request) -> Envelope:
    """What intake is told beside the message."""
    return Envelope(request.queue_id, request.sender, request.recipients)


def _about(request: Request, error: BaseException | None = None) -> dict[str, object]:
    """The fields of a line about one delivery."""
    fields: dict[str, object] = {"queue_id": request.queue_id, "size": len(request.body)}
    return fields if error is None else {**fields, "error": where(error)}


def _of_several(deliveries: Sequence[Delivery], error: BaseException) -> dict[str, object]:
    return {"messages": len(deliveries), "error": where(error)}


def where(error: BaseException) -> str:
    """An exception's class and place for a log line; its text may hold what nobody may log."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {frames[-1].name}:{frames[-1].lineno}" if frames else ""
    return type(error).__name__ + place
