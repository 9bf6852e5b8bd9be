"""Questions that may be answered from a replica, some seconds late: figures of the dashboard, of /metrics, of /status.

Nothing that decides anything is asked here: whether a mailbox lives, what is in it, who may do what.
"""

import logging
from collections.abc import Callable
from typing import TypeVar

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, InterfaceError, OperationalError

logger = logging.getLogger(__name__)
T = TypeVar("T")

ALIAS = "replica"  # in DATABASES, where DATABASE_REPLICA_URL is set


def ask(question: Callable[[str], T]) -> T:
    """Return what `question` finds in the database of the alias that it is given.

    The primary is asked where there is no replica, where that is away, and where it ended the question because of what
    it had to replay. Raises django.db.Error.
    """
    if ALIAS not in settings.DATABASES:
        return question(DEFAULT_DB_ALIAS)
    try:
        return question(ALIAS)
    except (OperationalError, InterfaceError):
        logger.warning("the replica does not answer: the primary is asked for figures")
        return question(DEFAULT_DB_ALIAS)
