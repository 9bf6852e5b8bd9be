"""Deleting messages together with their sources, in bounded statements."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from mailboxes.models.messages import Message, MessageSource
from mailboxes.services import erasing
from tests import messages

pytestmark = pytest.mark.django_db


def fill(deliver, address: str, count: int) -> None:
    for number in range(count):
        deliver(address, raw=messages.plain(received=f"{address} {number}"), queue_id=str(number))


@pytest.mark.parametrize("batch", [1, 2, 1000])
def test_all_batches_go_and_nothing_of_others(
    owner, stranger, deliver, monkeypatch, batch: int
) -> None:
    fill(deliver, owner.address, 5)
    fill(deliver, stranger.address, 1)
    monkeypatch.setattr(erasing, "BATCH", batch)
    rows = Message.objects.filter(mailbox=owner.mailbox)
    size = sum(rows.values_list("size", flat=True))
    assert erasing.erase(rows) == (5, size)
    left = Message.objects.get()
    assert left.mailbox_id == stranger.mailbox.pk
    assert MessageSource.objects.get().id == left.id


def test_nothing_to_erase_is_no_statement_but_the_question(owner) -> None:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert erasing.erase(Message.objects.filter(mailbox=owner.mailbox)) == (0, 0)
    assert len(queries) == 1


def test_many_messages_and_their_sources_are_one_statement_on_postgresql(owner, deliver) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite runs a prepared statement for each")
    fill(deliver, owner.address, 20)
    with CaptureQueriesContext(connection) as queries:
        erasing.erase(Message.objects.filter(mailbox=owner.mailbox))
    assert len(queries) == 1
    assert not MessageSource.objects.exists()
