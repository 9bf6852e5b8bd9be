"""Lines that belong together say so: of one delivery, of one run of a task."""

import logging
from collections.abc import Iterator

import pytest

from delivery.guard import GuardedSummary
from delivery.scoreboard import Scoreboard
from mailboxes.rules.summary import Summary
from mailboxes.services import heartbeats, log_context
from tempmail_site import log_format, task_log


@pytest.fixture(autouse=True)
def _no_request() -> Iterator[None]:
    """Another test's stream may have left its id here: tests share a context, which requests do not."""
    before = log_format.request_id.set("")
    yield
    log_format.request_id.reset(before)


def fields(**extra: object) -> dict[str, object]:
    """What a line that is written now has."""
    record = logging.makeLogRecord({"name": "mailboxes.x", "msg": "a line", **extra})
    log_format.Scrub().filter(record)
    found: dict[str, object] = record.__dict__["fields"]
    return found


def test_a_line_of_a_delivery_names_its_queue_id_and_later_ones_do_not() -> None:
    with log_context.delivery("4kestrel"):
        assert fields() == {"queue_id": "4kestrel"}
        assert fields(queue_id="4marmot") == {"queue_id": "4marmot"}
    assert fields() == {}


def test_so_does_what_the_parser_s_guard_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    logger = logging.getLogger("delivery.guard")
    monkeypatch.setattr(logger, "handle", lambda record: seen.append(fields(**record.__dict__)))

    def fail(raw: bytes) -> Summary:
        raise ValueError("okapi")

    with log_context.delivery("4kestrel"):
        GuardedSummary(fail, Scoreboard(1), 0, 5.0)(b"Subject: x\n\n")
    assert seen == [{"queue_id": "4kestrel"}]


class Task:
    name = "mailboxes.kestrel"


@pytest.mark.parametrize(
    ("state", "level"), [("SUCCESS", "INFO"), ("FAILURE", "ERROR"), (None, "ERROR")]
)
def test_a_run_of_a_task_has_an_id_a_line_a_level_and_a_heartbeat(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, state: str, level: str
) -> None:
    noted = []
    monkeypatch.setattr(heartbeats, "note", lambda *values: noted.append(values))
    caplog.set_level("INFO", "tempmail_site.task_log")
    ids = []
    for _ in range(2):
        task_log.begin("id")
        ids.append(fields()["run_id"])
        task_log.end("id", Task(), state, 3)
    assert fields() == {}
    assert len(set(ids)) == 2
    assert [one.levelname for one in caplog.records] == [level] * 2
    name, result, took = noted[-1]
    assert (name, result) == ("mailboxes.kestrel", (state or "unknown").lower())
    assert took >= 0
