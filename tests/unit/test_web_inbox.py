"""The inbox page."""

import pytest
from django.test import Client

from mailboxes.models.mailboxes import Mailbox
from mailboxes.models.messages import Message
from mailboxes.web import inbox
from tests import messages
from tests.unit.web_visitors import inbox_url, visitor


def page_of(owner, query=""):
    return visitor(owner).get(inbox_url(owner) + query).content.decode()


def fill(owner, deliver, count):
    for n in range(count):
        deliver(
            owner.address, raw=messages.plain(f"Number {n:03d}", received=str(n)), queue_id=str(n)
        )


def test_an_empty_inbox_says_what_to_do(owner):
    page = page_of(owner)
    assert "No mail yet" in page
    assert owner.address.partition("@")[0] in page


def test_a_message_is_shown_with_sender_subject_preview_code_and_size(owner, deliver):
    deliver(owner.address)
    page = page_of(owner)
    for shown in (
        "Alice Example",
        "A plain hello",
        "this is the body",
        "482913",
        "bytes",
        "unread",
    ):
        assert shown in page


def test_what_a_mail_says_is_escaped(owner, deliver):
    deliver(
        owner.address,
        raw=b"From: <x@y.example>\nSubject: <script>alert(1)</script>\n\n<img src=x>\n",
    )
    page = page_of(owner)
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page
    assert "<img src=x" not in page


def test_the_newest_message_comes_first(owner, deliver):
    fill(owner, deliver, 3)
    page = page_of(owner)
    assert page.index("Number 002") < page.index("Number 001") < page.index("Number 000")


def test_older_messages_are_on_the_next_page(owner, deliver, monkeypatch):
    monkeypatch.setattr(inbox, "PAGE_SIZE", 2)
    fill(owner, deliver, 3)
    first = page_of(owner)
    assert "Number 000" not in first
    assert "?before=2" in first
    second = page_of(owner, "?before=2")
    assert "Number 000" in second
    assert "Number 001" not in second
    assert "data-events" not in second, "an older page does not change under its reader"


@pytest.mark.parametrize("nonsense", ["x", "-1", "9" * 40, "%00", "\u0661"])
def test_a_nonsense_page_is_the_first(owner, deliver, nonsense):
    deliver(owner.address)
    assert "A plain hello" in page_of(owner, f"?before={nonsense}")


def test_the_fragment_is_the_list_alone(owner, deliver):
    deliver(owner.address)
    fragment = visitor(owner).get(inbox_url(owner) + "list").content.decode()
    assert "A plain hello" in fragment
    assert "<html" not in fragment


def test_a_full_mailbox_says_so(owner, deliver, settings):
    settings.MAILBOX_MAX_MESSAGES = 1
    assert "is full" not in page_of(owner)
    deliver(owner.address)
    assert "is full" in page_of(owner)


def test_without_javascript_the_page_refreshes_itself(owner):
    assert '<noscript><meta http-equiv="refresh" content="20"></noscript>' in page_of(owner)


def test_looking_changes_nothing(owner, deliver):
    deliver(owner.address)
    before = Mailbox.objects.values().get(), list(Message.objects.values())
    page_of(owner)
    visitor(owner).get(inbox_url(owner) + "list")
    assert (Mailbox.objects.values().get(), list(Message.objects.values())) == before


def test_neither_address_nor_token_is_in_any_link(owner, deliver):
    deliver(owner.address)
    page = page_of(owner)
    local_part = owner.address.partition("@")[0]
    for piece in page.split('href="')[1:] + page.split('action="')[1:]:
        assert local_part not in piece.partition('"')[0]
        assert "tmt_" not in piece.partition('"')[0]


def test_a_notice_is_one_of_ours_whatever_the_query_says(owner):
    assert "Send money" not in page_of(owner, "?done=Send+money")
    assert "The message is deleted." in page_of(owner, "?done=deleted")


def test_the_number_of_queries_does_not_grow_with_the_mail(
    owner, deliver, django_assert_max_num_queries
):
    fill(owner, deliver, 10)
    with django_assert_max_num_queries(6):
        page_of(owner)


def test_too_many_looks_are_a_429(owner, monkeypatch):
    from mailboxes.gate import limits
    from mailboxes.rules.errors import RateLimited

    def refuse(request):
        raise RateLimited(7)

    monkeypatch.setattr(limits, "check_inbox", refuse)
    response = Client().get(inbox_url(owner))
    assert (response.status_code, response["Retry-After"]) == (429, "7")


def test_a_database_that_is_away_is_a_503_that_tells_to_come_again(owner, monkeypatch):
    from django.db import OperationalError

    from mailboxes.services import reading

    def refuse(*args, **kwargs):
        raise OperationalError

    monkeypatch.setattr(reading, "page", refuse)
    response = visitor(owner).get(inbox_url(owner))
    assert response.status_code == 503
    assert response["Retry-After"]
