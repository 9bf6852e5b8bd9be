"""Our own nasty messages through a real worker: stored, readable by the owner, shown, and harmless."""

import pytest

from delivery import protocol
from mailboxes.services.creation import Created
from tests.hostile import nasty, pages
from tests.hostile.worker import Worker


@pytest.mark.parametrize("name", nasty.ALL)
def test_a_nasty_message_is_stored_and_shown(worker: Worker, mailbox: Created, name: str) -> None:
    raw, expected = nasty.ALL[name]
    assert worker.hand_over(mailbox.address, raw) == protocol.STORED
    opened = pages.open_message(mailbox, mailbox.mailbox.messages.latest("sequence").id)
    assert opened.source.endswith(raw.removeprefix(b"Return-Path: <a@b.org>\n"))
    shown = opened.framed_text if 'class="mail"' in opened.page else opened.page
    assert expected in shown or (
        opened.shows_source and expected in opened.source.decode("latin-1")
    )
    assert opened.shows_something or not expected
    for content in pages.files_in(opened.source):
        assert content in opened.files


def test_all_nasty_messages_are_on_the_lists(worker: Worker, mailbox: Created) -> None:
    for raw, _ in nasty.ALL.values():
        assert worker.hand_over(mailbox.address, raw) == protocol.STORED
    items = pages.open_lists(mailbox)
    assert len(items) == mailbox.mailbox.messages.count() >= len(nasty.ALL)


def test_a_script_in_utf_7_is_no_script(worker: Worker, mailbox: Created) -> None:
    raw, _ = nasty.ALL["markup: UTF-7 script"]
    assert worker.hand_over(mailbox.address, raw) == protocol.STORED
    opened = pages.open_message(mailbox, mailbox.mailbox.messages.latest("sequence").id)
    assert "<script" not in opened.frame
    assert "alert" not in opened.data["html"]
