"""Searching on the inbox page: by its address alone, so that it works without JavaScript."""

import pytest

from mailboxes.web import inbox
from tests import messages
from tests.unit.web_visitors import inbox_url, visitor

CODE = b"From: Shop <shop@example.org>\nSubject: Your sign-in code\n\nYour code is 482913.\n"


@pytest.fixture
def page_of(owner, deliver):
    deliver(owner.address, raw=CODE, queue_id="code")
    deliver(owner.address, raw=messages.plain("Two words"), queue_id="plain")

    def get(query, name=""):
        return visitor(owner).get(inbox_url(owner) + name + query).content.decode()

    return get


@pytest.mark.parametrize("query", ["?q=SIGN-IN", "?q=shop", "?q=+code+", "?has=code&unread=1"])
def test_what_fits_is_shown_and_the_rest_is_not(page_of, query):
    page = page_of(query)
    assert "Your sign-in code" in page
    assert "Two words" not in page


def test_the_page_keeps_what_was_asked(page_of):
    page = page_of("?q=%3Cb%3E%22&has=attachment")
    assert 'value="&lt;b&gt;&quot;"' in page
    assert 'name="has" value="attachment" checked' in page
    assert 'name="has" value="code" checked' not in page


def test_nothing_found_says_so_and_leads_back(page_of, owner):
    page = page_of("?q=nowhere")
    assert "Nothing like that here" in page
    assert "No mail yet" not in page
    assert f'<a class="button quiet" href="{inbox_url(owner)}">Clear the search</a>' in page


def test_the_live_list_asks_for_the_same(page_of, owner):
    assert f'data-list="{inbox_url(owner)}list?q=shop&amp;has=code"' in page_of("?q=shop&has=code")
    assert "Two words" not in page_of("?q=shop", "list")


def test_older_pages_keep_what_was_asked(page_of, monkeypatch):
    monkeypatch.setattr(inbox, "PAGE_SIZE", 1)
    assert "?unread=1&amp;before=2" in page_of("?unread=1")


def test_a_page_that_is_searched_or_told_so_does_not_refresh_itself(page_of):
    assert 'http-equiv="refresh"' not in page_of("?q=shop")
    assert 'http-equiv="refresh"' not in page_of("?before=2")
    assert 'http-equiv="refresh"' not in page_of("?still=1")
    assert 'http-equiv="refresh"' in page_of("")


@pytest.mark.parametrize("query", ["?q=", "?q=%00", "?unread=x&has=money", "?since=yesterday"])
def test_nonsense_asks_for_nothing(page_of, query):
    page = page_of(query)
    assert "Two words" in page
    assert "Your sign-in code" in page
