"""Which loggers write, from which level, where to. One handler, which has the filter; nothing passes it by."""

import logging
import logging.config
import os
import sys
import threading
from logging.handlers import WatchedFileHandler
from typing import Any

from django.core.exceptions import ImproperlyConfigured

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
FORMATS = ("json", "plain")
_OURS = ("tempmail_site", "mailboxes", "delivery", "postfix")

# What others log of strangers' input, and what our own lines say better.
_LEVELS = {
    "django.request": "ERROR",  # exceptions only; refusals are in the line of the request
    "django.db.backends": "WARNING",  # statements with their parameters, with DEBUG
    "django.template": "WARNING",  # values
    "celery.app.trace": "CRITICAL",  # arguments, results and texts of exceptions; see task_log
    "celery.worker.strategy": "WARNING",
    "celery.beat": "WARNING",
    "celery.apps.worker": "INFO",  # says " ready.", which whoever starts it waits for
    "mail.log": "ERROR",  # aiosmtpd, the stand-in: each command with its arguments
}
_SILENT = ("django.security", "django.server", "mailparser", "uvicorn.access", "gunicorn.access")
# They come with handlers of their own; Django's prints with DEBUG, and mails whole requests to ADMINS.
_TO_ROOT = ("django", "uvicorn", "uvicorn.error", "uvicorn.asgi", "gunicorn.error", "celery")


class ReopenedFile(WatchedFileHandler):
    """Appends to a file, and to the new one of that name once logrotate(8) has moved the old one: no line is lost.

    What is printed past logging (a crash in C code, say) follows: standard output and error are the same file.
    """

    def reopenIfNeeded(self) -> None:  # noqa: N802 - logging's name
        """Costs a stat(2) for each line."""
        before = (self.dev, self.ino)
        super().reopenIfNeeded()
        if self.stream and (self.dev, self.ino) != before:
            for standard in (1, 2):
                os.dup2(self.stream.fileno(), standard)


def config(level: str, form: str, file: str) -> dict[str, Any]:
    """Return the dictionary for `configure`. Raises ImproperlyConfigured.

    Without a `form` it is plain where standard error is a terminal, else JSON.
    """
    form = form or ("plain" if sys.stderr.isatty() else "json")
    for name, value, known in (("LOG_LEVEL", level, LEVELS), ("LOG_FORMAT", form, FORMATS)):
        if value not in known:
            raise ImproperlyConfigured(f"{name} is one of {', '.join(known)}, not {value!r}.")
    levels = {**_LEVELS, **dict.fromkeys(_OURS, level)}
    # DEBUG is for our own code: libraries tell values there
    others = max(level, "INFO", key=LEVELS.index)
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"scrub": {"()": "tempmail_site.log_format.Scrub"}},
        "formatters": {
            "json": {"()": "tempmail_site.log_format.JsonFormatter"},
            "plain": {"()": "tempmail_site.log_format.PlainFormatter"},
        },
        "handlers": {
            "log": {**_target(file), "formatter": form, "filters": ["scrub"]},
            # without any handler logging prints a record as it is (logging.lastResort)
            "nowhere": {"class": "logging.NullHandler"},
        },
        "root": {"handlers": ["log"], "level": others},
        "loggers": {
            **{name: {"handlers": [], "level": "NOTSET", "propagate": True} for name in _TO_ROOT},
            **{name: {"handlers": ["nowhere"], "propagate": False} for name in _SILENT},
            **{name: {"level": value, "handlers": []} for name, value in levels.items()},
        },
    }


def _target(file: str) -> dict[str, Any]:
    if not file:
        return {"class": "logging.StreamHandler"}
    kind = "tempmail_site.log_setup.ReopenedFile"
    return {"class": kind, "filename": file, "encoding": "utf-8", "errors": "backslashreplace"}


def configure(settings: dict[str, Any]) -> None:
    """Set up logging for this process, and let what would be printed with its values go through it."""
    # Both print a record's text and arguments as they are: where it cannot be written, where nobody takes it.
    logging.raiseExceptions = False
    logging.lastResort = None
    logging.captureWarnings(True)
    logging.config.dictConfig(settings)
    threading.excepthook = _thread_failed
    sys.unraisablehook = _unraisable


def _thread_failed(failure: threading.ExceptHookArgs) -> None:
    logging.getLogger(__name__).error("a thread ended by an exception", exc_info=failure.exc_value)


def _unraisable(failure: Any) -> None:
    logging.getLogger(__name__).error(
        "an exception where none can be raised", exc_info=failure.exc_value
    )
