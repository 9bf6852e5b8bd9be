"""What a worker process does with complete deliveries: store each, answer after its commit."""

import logging
import traceback
from collections.abc import Callable, Iterator, Sequence

from django.db import DataError, Error

from delivery import database, protocol
from delivery.admissions import AdmissionBook
from delivery.protocol import Request
from delivery.scoreboard import Scoreboard
from delivery.truncation import ShortMessages
from mailboxes.rules.summary import Summary
from mailboxes.services import intake, recipients
from mailboxes.services.parcels import Envelope

logger = logging.getLogger(__name__)

Summarize = Callable[[bytes], Summary]


class IntakeHandler:
    """Stores deliveries by `intake.store`, in one process."""

    def __init__(self, summarize: Summarize, board: Scoreboard, book: AdmissionBook) -> None:
        self._summarize, self._board, self._book = summarize, board, book
        self._short = ShortMessages()

    def __call__(self, requests: Sequence[Request]) -> Iterator[bytes]:
        """An answer for each request, in order and as soon as it is known. Never raises.

        All that is complete comes at once, so that a group can share one transaction.
        """
        for request in requests:
            yield self._answer(request)

    def _answer(self, request: Request) -> bytes:
        if self._short.defers(request.queue_id, request.size, len(request.body)):
            logger.warning("a message much shorter than declared is deferred once")
            return protocol.LATER
        try:
            self._store(request)
        except Exception as error:  # noqa: BLE001 - unknown is temporary: Postfix keeps the message
            logger.error("a delivery failed: %s", where(error))
            if not database.healthy():
                self._board.want_flush()
            return protocol.LATER
        self._settle(request)
        return protocol.STORED

    def _settle(self, request: Request) -> None:
        # After the commit: for a moment both counts have it, never neither.
        for recipient in request.recipients:
            if key := recipients.counting_key(recipient):
                self._book.settle(key, len(request.body))

    def _store(self, request: Request) -> None:
        envelope = Envelope(request.queue_id, request.sender, request.recipients)

        def store(summarize: Summarize) -> None:
            database.ask(lambda: intake.store(envelope, request.body, summarize))

        try:
            store(self._summarize)
        except Exception as error:
            if isinstance(error, Error) and not isinstance(error, DataError):
                raise
            # Poison that shows only behind the parser: never an endless 75.
            logger.warning("a message is stored unparsed after %s", where(error))
            store(Summary.of_unread)


def where(error: BaseException) -> str:
    """An exception's class and place for a log line; its text may hold what nobody may log."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {frames[-1].name}:{frames[-1].lineno}" if frames else ""
    return type(error).__name__ + place
