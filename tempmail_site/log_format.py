"""What a log line looks like: a filter that every handler has, and two formats of the same fields."""

import json
import logging
from collections.abc import Mapping
from contextvars import ContextVar
from datetime import UTC, datetime

from mailboxes.services import log_context
from tempmail_site import log_scrub

# Of the request that is being answered; '' outside of one.
request_id: ContextVar[str] = ContextVar("request_id", default="")

# What a call may say with `extra=`. Anything else is dropped: a field is a promise, kept in docs/logs.md.
FIELDS = (
    "request_id",
    "run_id",
    "queue_id",
    "method",
    "route",
    "status",
    "task",
    "result",
    "reason",
    "error",
    "count",
    "messages",
    "size",
    "stored",
    "duplicate",
    "gone",
    "operator",
    "duration_ms",
)
MAX_VALUE = 200  # characters

# These loggers put into their texts what strangers sent (paths, representations of arguments, SMTP commands).
_FIXED_TEXTS = {
    "asyncio": "asyncio reports a failure",
    "django.request": "an exception in a request",
    "mail.log": "an SMTP session of the stand-in failed",
}


class Scrub(logging.Filter):
    """Leaves in a record what may be written, whoever made it; drops what says nothing. Never raises."""

    def filter(self, record: logging.LogRecord) -> bool:
        if getattr(record, "scrubbed", False):  # by another handler
            return True
        if record.name == "django.request" and not record.exc_info:
            return False  # a refusal: the line of the request says as much
        record.msg, record.args = log_scrub.scrub(_text(record)), None
        record.exc_text = _exception(record)
        record.exc_info = record.stack_info = None
        record.fields = _fields(record.__dict__)
        record.scrubbed = True
        return True


def _text(record: logging.LogRecord) -> str:
    if fixed := _FIXED_TEXTS.get(record.name):
        return fixed
    if not isinstance(record.msg, str):  # an exception, say
        return type(record.msg).__name__
    try:
        if isinstance(record.args, Mapping):
            return record.msg % {name: _argument(value) for name, value in record.args.items()}
        return record.msg % tuple(map(_argument, record.args)) if record.args else record.msg
    except Exception:  # noqa: BLE001 - the text is fixed, its arguments may be anything
        return record.msg


def _argument(value: object) -> object:
    return type(value).__name__ if isinstance(value, BaseException) else value


def _exception(record: logging.LogRecord) -> str | None:
    if isinstance(record.exc_info, tuple) and record.exc_info[1]:
        return log_scrub.describe(record.exc_info[1])
    return "an exception" if record.exc_text else None


def _fields(given: Mapping[str, object]) -> dict[str, object]:
    here = {
        "request_id": request_id.get() or None,
        "run_id": log_context.run_id.get() or None,
        "queue_id": log_context.queue_id.get() or None,
    }
    values = {**here, **given}
    found: dict[str, object] = {}
    for name in FIELDS:
        value = values.get(name)
        if isinstance(value, int | float):
            found[name] = value
        elif isinstance(value, str):
            found[name] = log_scrub.scrub(value)[:MAX_VALUE]
    return found


class JsonFormatter(logging.Formatter):
    """One JSON object a line, ASCII only: no character of a value can end a line."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": _time(record),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_text:
            line["exception"] = record.exc_text
        return json.dumps(line, separators=(",", ":"))


class PlainFormatter(logging.Formatter):
    """The same for a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        words = [_time(record), f"{record.levelname:<7}", record.name, record.getMessage()]
        words += [f"{name}={value}" for name, value in getattr(record, "fields", {}).items()]
        if record.exc_text:
            words.append(f"| {record.exc_text}")
        return " ".join(words)


def _time(record: logging.LogRecord) -> str:
    moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
    return moment.removesuffix("+00:00") + "Z"  # RFC 3339
