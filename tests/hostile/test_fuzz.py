"""Good messages, broken in every way that comes to mind, through a real worker: all are stored and shown."""

from hypothesis import given, settings
from hypothesis import strategies as st

from delivery import protocol
from mailboxes.services.creation import Created
from tests.hostile import mutations, pages
from tests.hostile.worker import Worker


@settings(max_examples=120, deadline=None, derandomize=True, database=None)
@given(data=st.data())
def test_a_broken_message_is_stored_and_shown(
    worker: Worker, mailbox: Created, data: st.DataObject
) -> None:
    raw = data.draw(st.sampled_from(mutations.BASES))
    for change in data.draw(st.lists(st.sampled_from(mutations.CHANGES), min_size=1, max_size=3)):
        raw = change(data, raw)
    before = mailbox.mailbox.messages.count()
    assert worker.hand_over(mailbox.address, raw) == protocol.STORED
    assert mailbox.mailbox.messages.count() == before + 1
    opened = pages.open_message(mailbox, mailbox.mailbox.messages.latest("sequence").id)
    assert opened.source.endswith(raw)
    assert opened.shows_something or not pages.has_body(opened.source)
    if not opened.is_given_up:
        for content in pages.files_in(opened.source):
            assert content in opened.files


def test_all_broken_messages_are_on_the_lists(worker: Worker, mailbox: Created) -> None:
    assert len(pages.open_lists(mailbox)) == mailbox.mailbox.messages.count()
