"""Bombs through a real worker with the limits of an installation; and what opening them costs the site."""

import json
import os
import resource
from collections.abc import Callable
from pathlib import Path

import pytest

from delivery import protocol
from mailboxes.rules import parsing, safe_html
from mailboxes.services.creation import Created
from mailboxes.web.linkify import linkify
from tests.hostile import bombs, pages
from tests.hostile.pages import Opened
from tests.hostile.worker import Worker

OPENING_MEMORY = 600 << 20  # bytes on top of what the process has
OPENING_TIME = 15  # seconds of CPU; measured on two quiet cores: below 4


def sent(worker: Worker, owner: Created, raw: bytes) -> Opened:
    """Deliver, and open everything."""
    assert worker.hand_over(owner.address, raw) == protocol.STORED
    message_id = owner.mailbox.messages.latest("sequence").id
    opened = pages.open_message(owner, message_id, asked=[""], files=2)
    assert opened.source.endswith(raw)
    assert opened.shows_something
    return opened


@pytest.mark.parametrize("name", bombs.OUT_OF_BOUNDS)
def test_a_bomb_beyond_the_bounds_shows_its_head_and_source(
    worker: Worker, mailbox: Created, name: str
) -> None:
    opened = sent(worker, mailbox, bombs.OUT_OF_BOUNDS[name]())
    assert opened.is_given_up
    assert opened.data["subject"] == "nasty"
    assert opened.data["partial"]


@pytest.mark.parametrize("name", bombs.WITHIN_BOUNDS)
def test_a_bomb_within_the_bounds_is_read(worker: Worker, mailbox: Created, name: str) -> None:
    opened = sent(worker, mailbox, bombs.WITHIN_BOUNDS[name]())
    assert not opened.is_given_up
    assert opened.files or "seen" in opened.text + opened.framed_text


def test_no_bomb_has_ended_a_process(worker: Worker, mailbox: Created) -> None:
    assert "a worker process ended" not in worker.log.read_text()
    assert len(pages.open_lists(mailbox)) == mailbox.mailbox.messages.count()


@pytest.mark.parametrize("name", bombs.LARGEST)
def test_the_largest_messages_are_stored_and_shown(
    worker: Worker, mailbox: Created, name: str
) -> None:
    assert not sent(worker, mailbox, bombs.LARGEST[name]()).is_given_up


@pytest.mark.parametrize("name", bombs.COSTLIEST)
def test_opening_a_bomb_costs_seconds_and_less_than_600_mb(name: str) -> None:
    raw = {**bombs.WITHIN_BOUNDS, **bombs.LARGEST}[name]()
    assert within_limits(lambda: open_as_the_site_does(raw)) == 0


def open_as_the_site_does(raw: bytes) -> None:
    """What the message page, the frame and the API do with the bytes of a message."""
    parsed = parsing.parse(raw)
    images = safe_html.inline_images(parsed.attachments)
    cleaned = safe_html.clean(parsed.html, images).html if parsed.html else ""
    linkify(parsed.text)
    json.dumps({"text": parsed.text, "html": cleaned}).encode()


def within_limits(work: Callable[[], None]) -> int:
    """The wait status of a process that does the work under limits which the kernel enforces."""
    pid = os.fork()
    if not pid:
        code = 1
        try:
            pages_used = int(Path("/proc/self/statm").read_text().split()[0])
            memory = pages_used * resource.getpagesize() + OPENING_MEMORY
            resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
            used = int(sum(resource.getrusage(resource.RUSAGE_SELF)[:2]))
            resource.setrlimit(resource.RLIMIT_CPU, (used + OPENING_TIME, used + OPENING_TIME))
            work()
            code = 0
        finally:
            os._exit(code)
    return os.waitpid(pid, 0)[1]
