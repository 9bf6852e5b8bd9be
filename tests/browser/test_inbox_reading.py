"""New mail while a long list is being read; many messages; a stream that died without a word."""

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser import visits
from tests.browser.conftest import Send

PLAIN = b"From: Sender %d <s@example.org>\nTo: you@example.org\nSubject: Number %d\n\nHello\n"


@pytest.fixture
def long_list(desktop: Page, send: Send) -> tuple[Page, str]:
    """An open inbox that is scrolled down to the last of its messages."""
    address = visits.get_address(desktop)
    for n in range(12):
        send(address, PLAIN % (n, n))
    expect(desktop.locator(".row")).to_have_count(12)
    desktop.locator(".row").last.scroll_into_view_if_needed()
    return desktop, address


def top_of(page: Page, subject: str) -> float:
    box = page.locator(".row", has_text=subject).bounding_box()
    assert box is not None
    return box["y"]


def test_what_is_being_read_stays_where_it_is(long_list: tuple[Page, str], send: Send) -> None:
    page, address = long_list
    before = top_of(page, "Number 0")
    send(address, visits.CODE)
    news = page.get_by_role("button", name="1 new message")
    expect(news).to_be_visible()
    assert abs(top_of(page, "Number 0") - before) < 2
    send(address, visits.HTML)
    page.get_by_role("button", name="2 new messages").click()
    expect(page.get_by_role("link", name="An offer with pictures")).to_be_focused()
    expect(page.locator(".news")).to_be_hidden()


def test_the_icon_of_the_tab_tells_of_news(desktop: Page, send: Send) -> None:
    address = visits.get_address(desktop)
    icon = desktop.locator("link[rel=icon]")
    quiet = icon.get_attribute("href")
    send(address, visits.CODE)
    expect(icon).not_to_have_attribute("href", str(quiet))


def test_a_stream_that_has_died_without_a_word_is_opened_again(
    open_context: Callable[..., BrowserContext], send: Send
) -> None:
    page = open_context().new_page()
    page.clock.install()
    visits.get_address(page)
    visits.await_stream(page)
    with page.expect_request(lambda request: "/events" in request.url):
        page.clock.fast_forward(50_000)
    visits.await_stream(page)


def test_a_page_that_comes_back_from_the_history_has_caught_up(desktop: Page, send: Send) -> None:
    address = visits.get_address(desktop)
    desktop.get_by_role("link", name="How it works").first.click()
    send(address, visits.CODE)
    desktop.go_back()
    expect(desktop.get_by_role("link", name="Your sign-in code")).to_be_visible()
