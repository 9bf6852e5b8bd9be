"""Remote content of a mail: counted, blocked, and loaded only when the visitor says so, for one view."""

import base64

import pytest
from playwright.sync_api import Page, Request, Route, expect

from tests.browser import visits
from tests.browser.conftest import Send

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
MAIL = b"""From: Shop <shop@example.org>
Subject: Pictures
Content-Type: text/html

<h1>Pictures</h1><img src="http://pictures.example/photo.png" width=40 height=40 alt=Photo>
<img src="https://open.example/o.gif" width=1 height=1><img src="https://mailtrack.io/x" height=0>
<p style="background:url(https://css.example/a.png)">Text</p>
"""


@pytest.fixture
def outside(desktop: Page) -> list[Request]:
    """What the browser asks of anybody else."""
    asked: list[Request] = []

    def answer(route: Route) -> None:
        asked.append(route.request)
        route.fulfill(body=PNG, content_type="image/png")

    desktop.context.route(lambda url: "127.0.0.1" not in url, answer)
    return asked


def open_mail(page: Page, send: Send) -> None:
    address = visits.get_address(page)
    send(address, MAIL)
    page.locator(".row .subject a").click()
    expect(page.frame_locator("iframe").get_by_role("heading", name="Pictures")).to_be_visible()


def test_trackers_are_counted_and_named_and_nothing_is_asked_of_anybody(
    desktop: Page, send: Send, outside: list[Request]
) -> None:
    open_mail(desktop, send)
    desktop.get_by_text("2 trackers blocked").click()
    expect(desktop.get_by_text("open.example")).to_be_visible()
    expect(desktop.get_by_text("mailtrack.io")).to_be_visible()
    expect(desktop.get_by_text("see your network address")).to_be_visible()
    page = desktop.url
    for from_elsewhere in ("frame?images=1", "?images=1", "?view=html&images=yes"):
        desktop.goto(page + from_elsewhere)
    assert outside == []


def test_one_click_loads_the_images_of_this_view_and_no_tracker(
    desktop: Page, send: Send, outside: list[Request]
) -> None:
    open_mail(desktop, send)
    with desktop.expect_request("https://pictures.example/photo.png") as asked:
        desktop.get_by_role("button", name="Load images this time").click()
    assert not {"referer", "cookie"} & asked.value.all_headers().keys()
    expect(desktop.get_by_text("2 trackers stay blocked")).to_be_visible()
    expect(desktop.frame_locator("iframe").get_by_alt_text("Photo")).to_be_visible()
    desktop.get_by_role("link", name="As sent").click()
    expect(desktop.get_by_role("button", name="Load images this time")).to_be_visible()
    expect(desktop.frame_locator("iframe").get_by_role("heading", name="Pictures")).to_be_visible()
    assert [request.url for request in outside] == ["https://pictures.example/photo.png"]
