"""Telling the tasks that there is something to send: by a thread of its own, so that no delivery waits for a broker.

A nudge may be lost; beat looks every few seconds anyway. Many at once are one.
"""

import logging
import threading
import time
from functools import lru_cache
from typing import Any

from django.conf import settings

logger = logging.getLogger(__name__)

TASK = "mailboxes.send_webhooks"
_PAUSE = 0.5  # seconds between two
_PAUSE_WHEN_AWAY = 5.0
_TIMEOUT = 2.0
_EXPIRES = 10  # seconds

_wanted = threading.Event()
_lock = threading.Lock()
_thread: threading.Thread | None = None


def nudge() -> None:
    """Have the task run soon. Returns at once and never raises."""
    global _thread
    _wanted.set()
    if _thread is None or not _thread.is_alive():  # after a fork it is none of ours
        with _lock:
            if _thread is None or not _thread.is_alive():
                _thread = threading.Thread(target=_publish_all, name="webhooks", daemon=True)
                _thread.start()


def _publish_all() -> None:
    while True:
        _wanted.wait()
        _wanted.clear()
        time.sleep(_PAUSE if _published() else _PAUSE_WHEN_AWAY)


def _published() -> bool:
    try:
        _publish()
    except Exception:  # noqa: BLE001 - whatever Celery and its transport raise: beat will do
        logger.warning("redis is away: webhooks are told late")
        return False
    return True


def _publish() -> None:
    _client().send_task(TASK, expires=_EXPIRES, retry=False, ignore_result=True)


@lru_cache(maxsize=1)
def _client() -> Any:
    from celery import Celery  # a process that never sends one does without it

    client = Celery("webhooks", broker=settings.CELERY_BROKER_URL, set_as_current=False)
    client.conf.broker_transport_options = {
        **settings.CELERY_BROKER_TRANSPORT_OPTIONS,
        "socket_timeout": _TIMEOUT,
        "socket_connect_timeout": _TIMEOUT,
    }
    return client
