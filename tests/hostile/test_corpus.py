"""Every real message through a real worker: none is lost, none is blank, every file comes out as it went in."""

from pathlib import Path

import pytest

from delivery import protocol
from mailboxes.services.creation import Created
from tests.hostile import corpus, pages
from tests.hostile.worker import Worker

pytestmark = pytest.mark.skipif(not corpus.PATHS, reason="TEMPMAIL_CORPUS is not set")


@pytest.mark.parametrize("path", corpus.PATHS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_real_message_is_stored_and_shown(worker: Worker, mailbox: Created, path: Path) -> None:
    raw = path.read_bytes()
    assert worker.hand_over(mailbox.address, raw) == protocol.STORED
    opened = pages.open_message(mailbox, mailbox.mailbox.messages.latest("sequence").id)
    assert opened.source.endswith(raw)
    assert not opened.is_given_up
    assert opened.shows_something or not pages.has_body(opened.source)
    for content in pages.files_in(opened.source):
        assert content in opened.files


def test_all_real_messages_are_on_the_lists(worker: Worker, mailbox: Created) -> None:
    before = mailbox.mailbox.messages.count()
    for path in corpus.PATHS:
        assert worker.hand_over(mailbox.address, path.read_bytes()) == protocol.STORED
    assert len(pages.open_lists(mailbox)) == before + len(corpus.PATHS)
