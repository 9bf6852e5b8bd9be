"""A log line: its fields, one line whatever is in it, nothing that slipped in, for our loggers and everybody else's."""

import asyncio
import io
import json
import logging
import logging.config
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from tempmail_site import log_format, log_setup

SECRET = "kestrel@mail.example"
LIBRARIES = (
    "uvicorn.error",
    "celery.worker.consumer",
    "celery.beat",
    "kombu.connection",
    "redis.connection",
    "django.request",
    "django.security.DisallowedHost",
    "django.security.csrf",
    "django.server",
    "django.db.backends",
    "django.template",
    "uvicorn.access",
    "gunicorn.access",
    "gunicorn.error",
    "mailparser",
    "mail.log",
    "asyncio",
    "py.warnings",
    "some.library",
)


class Output:
    """What the one handler has written."""

    def __init__(self, stream: io.StringIO) -> None:
        self._stream = stream

    @property
    def text(self) -> str:
        return self._stream.getvalue()

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.split("\n")[:-1]]


def _set_up(**chosen: str) -> Output:
    stream = io.StringIO()
    chosen = {"level": "INFO", "form": "json", "file": "", **chosen}
    settings = log_setup.config(**chosen)
    settings["handlers"]["log"]["stream"] = stream
    logging.config.dictConfig(settings)
    return Output(stream)


@pytest.fixture
def restored() -> Iterator[None]:
    """Other tests find logging as it was."""
    from django.conf import settings

    root = logging.getLogger()
    others = [handler for handler in root.handlers if type(handler).__module__ != "logging"]
    token = log_format.request_id.set("")  # a test of streams may have left one
    yield
    log_format.request_id.reset(token)
    logging.config.dictConfig(settings.LOGGING)
    for handler in others:  # pytest's
        if handler not in root.handlers:
            root.addHandler(handler)


@pytest.fixture
def output(restored: None) -> Output:
    return _set_up()


def test_a_line_is_an_object_with_time_level_logger_message_and_fields(output: Output) -> None:
    fields = {"queue_id": "4Queue", "size": 7, "duration_ms": 1.5, "result": "stored"}
    logging.getLogger("delivery.x").info("delivered", extra=fields)
    (line,) = output.lines
    assert line.pop("time").endswith("Z")
    assert line == {"level": "INFO", "logger": "delivery.x", "message": "delivered", **fields}


def test_a_field_that_is_not_promised_is_dropped(output: Output) -> None:
    logging.getLogger("mailboxes").info("x", extra={"subject": SECRET, "result": "ok"})
    assert "subject" not in output.lines[0]
    assert output.lines[0]["result"] == "ok"


def test_a_field_s_value_is_filtered_and_bounded(output: Output) -> None:
    values = {"queue_id": SECRET, "route": "x y\n" * 500, "result": [SECRET], "reason": ("a",)}
    logging.getLogger("mailboxes").info("x", extra=values)
    (line,) = output.lines
    assert line["queue_id"] == "[address]"
    assert len(line["route"]) <= log_format.MAX_VALUE
    assert "result" not in line
    assert "reason" not in line


def test_the_request_that_is_answered_is_named(output: Output) -> None:
    token = log_format.request_id.set("0123456789abcdef")
    logging.getLogger("mailboxes").info("x")
    log_format.request_id.reset(token)
    logging.getLogger("mailboxes").info("y")
    assert [line.get("request_id") for line in output.lines] == ["0123456789abcdef", None]


@pytest.mark.parametrize("name", LIBRARIES)
def test_nothing_slips_in_through_a_library_s_logger(output: Output, name: str) -> None:
    logger = logging.getLogger(name)
    for level in (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR, logging.CRITICAL):
        logger.log(level, "GET /m/kestrel?q=1 from %s by tmt_kestrel", "198.51.100.7")
        logger.log(level, "%(who)s, %(error)s", {"who": SECRET, "error": ValueError("kestrel")})
        logger.log(level, ValueError("kestrel"))
        logger.log(level, "%s", OSError("kestrel"), stack_info=True)
        try:
            raise ValueError(f"kestrel {SECRET}")
        except ValueError:
            logger.log(level, "failed", exc_info=True)
    assert "kestrel" not in output.text
    assert "198.51" not in output.text


HANDLERS = """
import logging, logging.config, os
os.environ.update(DJANGO_SETTINGS_MODULE="tests.settings", DEBUG="true")
import uvicorn.config
logging.config.dictConfig(uvicorn.config.LOGGING_CONFIG)
import tests.settings
tests.settings.LOGGING_CONFIG = "tempmail_site.log_setup.configure"
from tempmail_site.asgi import application
from tempmail_site.celery import app
app.log.setup()
loggers = [logging.getLogger(), *map(logging.getLogger, logging.root.manager.loggerDict)]
for logger in loggers:
    for handler in logger.handlers:
        if not isinstance(handler, logging.NullHandler):
            print(logger.name, *(type(filter).__name__ for filter in handler.filters))
"""


def test_no_handler_is_without_the_filter_whoever_made_it() -> None:
    """uvicorn, Django and Celery bring handlers of their own."""
    command = [sys.executable, "-c", HANDLERS]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert done.stdout.splitlines() == ["root Scrub"], done.stderr


@pytest.mark.parametrize("name", ["uvicorn.error", "celery.worker", "redis", "some.library"])
def test_what_a_library_has_to_say_is_written(output: Output, name: str) -> None:
    logging.getLogger(name).warning("the connection to %s is lost", "the broker")
    assert output.lines[0]["message"] == "the connection to the broker is lost"


def test_an_exception_in_a_request_is_told_by_class_and_place(output: Output) -> None:
    try:
        raise KeyError("kestrel")
    except KeyError:
        logging.getLogger("django.request").error(
            "%s: %s", "Internal Server Error", "/m/kestrel/", exc_info=True
        )
    (line,) = output.lines
    assert line["message"] == "an exception in a request"
    assert line["exception"].startswith("KeyError at tests/unit/test_log_format.py:")


def test_a_refusal_has_its_line_from_the_request_alone(output: Output) -> None:
    logging.getLogger("django.request").error("%s: %s", "Service Unavailable", "/m/kestrel/")
    assert output.text == ""


def test_an_asyncio_failure_shows_no_representation_of_anything(output: Output) -> None:
    async def fail() -> None:
        raise ValueError("kestrel")

    async def main() -> None:
        task = asyncio.create_task(fail(), name="kestrel")
        await asyncio.wait([task])
        del task

    asyncio.run(main())
    (line,) = output.lines
    assert line["message"] == "asyncio reports a failure"
    assert "ValueError" in line["exception"]
    assert "kestrel" not in output.text


def test_a_text_that_does_not_fit_its_arguments_is_no_error(output: Output) -> None:
    logging.getLogger("mailboxes").info("%d of %s", SECRET)
    logging.getLogger("mailboxes").info("%(x)s", {"y": SECRET})
    assert [line["message"] for line in output.lines] == ["%d of %s", "%(x)s"]


@pytest.mark.parametrize("form", ["json", "plain"])
def test_a_value_cannot_forge_a_line(restored: None, form: str) -> None:
    output = _set_up(form=form)
    forged = '"}\r\n{"time":"2026","level":"INFO"\x1b[1A\u2028\x85'
    logging.getLogger("mailboxes").warning("said %s", forged, extra={"result": forged})
    assert len(output.text.splitlines()) == 1
    assert output.text.isascii()
    assert "\x1b" not in output.text


def test_a_line_is_bounded(output: Output) -> None:
    many = dict.fromkeys(log_format.FIELDS, "x y" * 100_000)
    logging.getLogger("mailboxes").info("x y" * 1_000_000, extra=many)
    assert len(output.text) < 10_000


def test_plain_lines_are_for_reading(restored: None) -> None:
    output = _set_up(form="plain")
    logging.getLogger("mailboxes").warning("away", extra={"count": 2})
    assert output.text.endswith("Z WARNING mailboxes away count=2\n")


def test_debug_is_for_our_own_loggers(restored: None) -> None:
    output = _set_up(level="DEBUG")
    logging.getLogger("some.library").debug("a value")
    logging.getLogger("django.db.backends").debug("a statement")
    logging.getLogger("mailboxes.x").debug("ours")
    assert [line["message"] for line in output.lines] == ["ours"]


def test_a_higher_level_is_for_everybody(restored: None) -> None:
    output = _set_up(level="ERROR")
    logging.getLogger("some.library").warning("x")
    logging.getLogger("mailboxes.x").warning("x")
    logging.getLogger("celery.apps.worker").info("x ready.")
    assert [line["message"] for line in output.lines] == ["x ready."]


@pytest.mark.parametrize("wrong", [{"level": "LOUD"}, {"form": "xml"}])
def test_a_setting_that_does_not_exist_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ImproperlyConfigured):
        log_setup.config(**{"level": "INFO", "form": "json", "file": "", **wrong})


HOOKS = """
import logging, sys, threading, warnings
from tempmail_site import log_setup
log_setup.configure(log_setup.config("INFO", "json", sys.argv[1]))
def fail():
    raise ValueError("kestrel@mail.example")
thread = threading.Thread(target=fail)
thread.start()
thread.join()
class Broken:
    def __del__(self):
        raise ValueError("kestrel")
Broken()
warnings.warn("by kestrel@mail.example", UserWarning)
class Odd:
    def __str__(self):
        raise ValueError("kestrel")
logging.getLogger("x").error("odd %s", Odd())
for name in log_setup._SILENT:
    logging.getLogger(name + ".x").critical("kestrel")
"""


def test_what_would_be_printed_with_its_values_is_a_line_without_them(tmp_path: Path) -> None:
    file = tmp_path / "a.log"
    done = subprocess.run(
        [sys.executable, "-c", HOOKS, str(file)], check=True, capture_output=True, text=True
    )
    assert done.stdout + done.stderr == ""
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert [line["logger"] for line in lines] == [
        "tempmail_site.log_setup",
        "tempmail_site.log_setup",
        "py.warnings",
        "x",
    ]
    assert "kestrel" not in file.read_text()


MOVED = """
import logging, os, sys
from tempmail_site import log_setup
log_setup.configure(log_setup.config("INFO", "plain", sys.argv[1]))
os.dup2(os.open(sys.argv[1], os.O_WRONLY | os.O_APPEND), 2)
logger = logging.getLogger("mailboxes")
logger.info("one")
os.rename(sys.argv[1], sys.argv[1] + ".1")
os.write(2, b"two, past logging\\n")
logger.info("three")
os.write(2, b"four, past logging\\n")
"""


def test_a_log_that_is_moved_goes_on_in_a_new_file(tmp_path: Path) -> None:
    file = tmp_path / "a.log"
    subprocess.run([sys.executable, "-c", MOVED, str(file)], check=True)
    moved = (tmp_path / "a.log.1").read_text().splitlines()
    assert [line.split()[-1] for line in moved] == ["one", "logging"]
    lines = file.read_text().splitlines()
    assert lines[0].endswith("three")
    assert lines[1] == "four, past logging"
