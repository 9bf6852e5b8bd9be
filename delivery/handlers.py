"""Puts together what one worker process does, from the settings."""

from collections.abc import Callable

from django.conf import settings

from delivery import database
from delivery.admissions import AdmissionBook
from delivery.flush import Flusher
from delivery.guard import GuardedSummary
from delivery.intake_handler import IntakeHandler
from delivery.policy import RecipientJudge
from delivery.process import Handlers
from delivery.queue_watch import QueueWatch
from delivery.rates import RateBook
from delivery.scoreboard import Scoreboard
from delivery.sender_judge import SenderJudge, SenderLimits
from mailboxes.rules import networks, summary
from mailboxes.rules.summary import Summary
from mailboxes.services import timeline


def make(
    board: Scoreboard, slot: int, summarize: Callable[[bytes], Summary] = summary.summarize
) -> Handlers:
    """For the process of this slot; to be called in it, in its main thread."""
    guarded = GuardedSummary(summarize, board, slot, settings.PARSE_TIME_LIMIT)
    flusher = Flusher(board, slot, database.can_store, settings.POSTFIX_CONFIG_DIR)
    book = AdmissionBook(board.admissions, slot)
    timeline.start()
    if slot == 0:
        QueueWatch(settings.POSTFIX_CONFIG_DIR).start()
    return Handlers(
        deliver=IntakeHandler(guarded, board, book),
        healthy=database.healthy,
        judge=RecipientJudge(book, sender_judge(board, slot)),
        unread=board.want_flush,
        tick=flusher.tick,
    )


def sender_judge(board: Scoreboard, slot: int) -> SenderJudge:
    """What judges who sends, for the process of this slot."""
    limits = SenderLimits(
        sender_domain=settings.SENDER_DOMAIN_RATE,
        client=settings.CLIENT_RATE,
        unknown=settings.UNKNOWN_RECIPIENT_RATE,
        cut_off_seconds=settings.CUT_OFF_SECONDS,
        unlimited=networks.table(settings.UNLIMITED_CLIENTS),
    )
    return SenderJudge(RateBook(board.rates, slot), limits)
