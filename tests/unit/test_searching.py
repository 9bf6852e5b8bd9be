"""Finding messages in an open mailbox."""

from datetime import timedelta

import pytest

from mailboxes.models.messages import Message
from mailboxes.services import reading, searching
from mailboxes.services.searching import Criteria

MAILS = {
    "bill": b"From: =?utf-8?q?Stadtwerke_K=C3=B6ln?= <bill@example.net>\n"
    b"Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe_und_Rechnung?=\n"
    b'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="b"\n\n--b\n\nHello\n'
    b'--b\nContent-Type: application/pdf\nContent-Disposition: attachment; filename="r.pdf"\n\nx\n--b--\n',
    "code": b"From: Shop <shop@example.org>\nSubject: Your sign-in code\n\nYour code is 482913.\n",
    "plain": b"From: Alice <alice@example.org>\nSubject: Hello from the shop\n\nHello\n",
}


@pytest.fixture
def opened(owner, deliver):
    for name, raw in MAILS.items():
        deliver(owner.address, raw=raw, queue_id=name)
    return reading.open_by_token(owner.token)


def found(opened, *, limit=10, before=None, after=0, **criteria):
    page = searching.page(opened, Criteria(**criteria), limit=limit, before=before, after=after)
    return [list(MAILS)[item.sequence - 1] for item in page.items]


@pytest.mark.parametrize(
    ("criteria", "names"),
    [
        ({}, ["plain", "code", "bill"]),
        ({"text": "shop"}, ["plain", "code"]),
        ({"text": "SHOP hello"}, ["plain"]),
        ({"text": "koln"}, ["bill"]),
        ({"text": "GRUSSE"}, ["bill"]),
        ({"text": "grüße"}, ["bill"]),
        ({"sender": "shop"}, ["code"]),
        ({"sender": "bill@example.net"}, ["bill"]),
        ({"subject": "shop"}, ["plain"]),
        ({"attachment": True}, ["bill"]),
        ({"code": True}, ["code"]),
        ({"code": True, "attachment": True}, []),
        ({"text": "482913"}, []),
    ],
)
def test_only_what_fits_is_found_newest_first(opened, criteria, names):
    assert found(opened, **criteria) == names


def test_unread_leaves_out_what_was_opened(opened):
    newest = reading.page(opened, limit=1).items[0]
    reading.message(opened, newest.id)
    assert found(opened, unread=True) == ["code", "bill"]


def test_since_leaves_out_what_came_earlier(opened):
    Message.objects.filter(sequence=1).update(received_at=opened.now - timedelta(hours=1))
    assert found(opened, since=opened.now - timedelta(minutes=1)) == ["plain", "code"]


def test_pages_of_what_was_found_go_on_where_the_last_one_ended(opened):
    first = searching.page(opened, Criteria(text="shop"), limit=1)
    assert [item.sequence for item in first.items] == [3]
    assert found(opened, text="shop", limit=1, before=first.next_before) == ["code"]
    second = searching.page(opened, Criteria(text="shop"), limit=1, before=first.next_before)
    assert second.next_before is None


def test_only_what_is_newer_is_found_when_that_is_asked(opened):
    assert found(opened, text="shop", after=2) == ["plain"]


def test_nothing_of_other_mailboxes_is_found(opened, stranger, deliver):
    deliver(stranger.address, raw=MAILS["code"])
    assert found(opened, code=True) == ["code"]


def test_no_criteria_are_no_filter():
    assert not Criteria()
    assert Criteria(unread=True)
    assert Criteria(text="x")
