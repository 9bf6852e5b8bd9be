"""A message in a real browser: shown as sent, and able to do nothing."""

import contextlib
from collections.abc import Callable

from playwright.sync_api import BrowserContext, Page, TimeoutError, expect

from tests.browser import visits
from tests.browser.conftest import Send


def open_mail(page: Page, send: Send, raw: bytes) -> None:
    address = visits.get_address(page)
    send(address, raw)
    page.locator(".row .subject a").click()
    expect(page.locator("article")).to_be_visible()


def test_html_is_shown_and_does_nothing(page: Page, send: Send) -> None:
    outside: list[str] = []
    page.context.route(
        "https://**", lambda route: (outside.append(route.request.url), route.abort())
    )
    open_mail(page, send, visits.HTML)
    expect(page.frame_locator("iframe").get_by_role("heading", name="Offer")).to_be_visible()
    expect(page.get_by_text("blocked")).to_be_visible()
    expect(page).to_have_title("An offer with pictures · Tempmail")
    visits.assert_fits(page)
    assert outside == []


def test_a_link_in_a_mail_opens_apart_and_tells_nothing(desktop: Page, send: Send) -> None:
    desktop.context.route(
        "https://example.org/**",
        lambda route: route.fulfill(body="<p>elsewhere</p>", content_type="text/html"),
    )
    open_mail(desktop, send, visits.HTML)
    link = desktop.frame_locator("iframe").get_by_role("link", name="Look")
    # while the frame gets its height, a click may miss
    with contextlib.suppress(TimeoutError), desktop.context.expect_page(timeout=15_000):
        link.click()
    with desktop.context.expect_page(timeout=60_000) as opened:
        link.click()
    elsewhere = opened.value
    expect(elsewhere.get_by_text("elsewhere")).to_be_visible()
    assert elsewhere.evaluate("[document.referrer, window.opener]") == ["", None]


def test_an_attachment_is_downloaded_and_not_shown(desktop: Page, send: Send) -> None:
    open_mail(desktop, send, visits.HTML)
    with desktop.expect_download() as download:
        desktop.get_by_role("link", name="page.html").click()
    assert download.value.suggested_filename == "page.html"
    assert "<script>alert(1)</script>" in download.value.path().read_text()


def test_every_view_of_a_message_opens(page: Page, send: Send) -> None:
    open_mail(page, send, visits.HTML)
    for name, shown in (("Text", ".text"), ("Headers", ".headers"), ("Source", ".source")):
        page.get_by_role("link", name=name, exact=True).click()
        expect(page.locator(shown).first).to_be_visible()
        visits.assert_fits(page)


def test_get_read_and_delete_work_without_javascript(
    open_context: Callable[..., BrowserContext], send: Send
) -> None:
    page = open_context("phone-light", java_script_enabled=False).new_page()
    page.goto("/")
    visits.answer_the_question(page)
    page.get_by_role("button", name="Get an address").click()
    address = page.locator("#address").inner_text().strip()
    expect(page.get_by_role("button", name="Copy address")).to_be_hidden()
    send(address, visits.CODE)
    while not page.locator(".row").count():  # the page would do it by itself every 20 seconds
        page.reload()
    page.locator(".row .subject a").click()
    expect(page.get_by_text("your code is 482913")).to_be_visible()
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("No mail yet")).to_be_visible()
    page.get_by_role("button", name="End this address").click()
    page.get_by_role("button", name="End it now").click()
    expect(page.get_by_role("heading", name="This address has ended")).to_be_visible()


def test_a_stranger_sees_nothing(
    desktop: Page, open_context: Callable[..., BrowserContext]
) -> None:
    visits.get_address(desktop)
    stranger = open_context().new_page()
    response = stranger.goto(desktop.url)
    assert response is not None
    assert response.status == 404
    expect(stranger.get_by_role("heading", name="There is nothing here")).to_be_visible()
