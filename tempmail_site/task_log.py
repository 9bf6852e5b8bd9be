"""One line per task of Celery, in the place of Celery's own, which hold arguments, results and texts of exceptions."""

import logging
import time
from typing import Any

from celery.signals import setup_logging, task_failure, task_postrun, task_prerun
from django.conf import settings

from tempmail_site import log_setup

logger = logging.getLogger(__name__)
_started: dict[str, float] = {}


def connect() -> None:
    """Let Celery call us in every process that imports the application."""
    setup_logging.connect(keep_ours)
    task_prerun.connect(begin)
    task_failure.connect(fail)
    task_postrun.connect(end)


def keep_ours(**_: Any) -> None:
    """Celery leaves logging alone where somebody answers this signal."""
    log_setup.configure(settings.LOGGING)


def begin(task_id: str, **_: Any) -> None:
    """Note when it began."""
    _started[task_id] = time.perf_counter()


def fail(sender: Any, exception: BaseException, **_: Any) -> None:
    """Say where it failed."""
    logger.error("a task failed", extra={"task": sender.name}, exc_info=exception)


def end(task_id: str, task: Any, state: str | None = None, retval: Any = None, **_: Any) -> None:
    """Write the line; a task that returns a number has counted something."""
    seconds = time.perf_counter() - _started.pop(task_id, time.perf_counter())
    fields = {
        "task": task.name,
        "result": (state or "unknown").lower(),
        "count": retval if isinstance(retval, int) else None,
        "duration_ms": round(seconds * 1000, 1),
    }
    logger.info("task", extra=fields)
