"""One line per task of Celery, in the place of Celery's own, which hold arguments, results and texts of exceptions."""

import logging
import time
from typing import Any

from celery.signals import setup_logging, task_failure, task_postrun, task_prerun
from django.conf import settings

from mailboxes.services import heartbeats, log_context, metrics
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
    """Note when it began; its lines have an id of their own from now on."""
    log_context.begin_run()
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
    failed = fields["result"] in ("failure", "unknown")
    logger.log(logging.ERROR if failed else logging.INFO, "task", extra=fields)
    metrics.TASK_SECONDS.observe(seconds, task=task.name, result=str(fields["result"]))
    if fields["result"] == "success":
        metrics.TASK_SUCCESS.set(time.time(), task=task.name)
    heartbeats.note(task.name, str(fields["result"]), float(fields["duration_ms"]))
    log_context.end_run()
