"""What a message page offers: codes, links that say where they go, attachments, keys, dark and print."""

from collections.abc import Callable

from playwright.sync_api import BrowserContext, Page, expect

from tests.browser import visits
from tests.browser.conftest import Send

CONFIRM = b"""From: Acme <no-reply@acme.example>
Subject: Confirm your address
Content-Type: text/html

<p>Your code is 482913.</p><p><a href="https://acme.example/verify?token=0123456789abcdef">Verify email address</a></p>
<p><a href="https://evil.example/login" title="https://acme.example">https://acme.example/login</a></p>
"""
FILES = b"""From: a@example.org
Subject: Files
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/plain

See the files.
--b
Content-Type: image/png
Content-Disposition: attachment; filename="a.png"
Content-Transfer-Encoding: base64

iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==
--b
Content-Type: text/plain
Content-Disposition: attachment; filename="notes.txt"

Some notes. <script>document.title = "ran"</script>
--b
Content-Type: image/svg+xml
Content-Disposition: attachment; filename="drawing.svg"

<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>
--b--
"""


def open_mail(page: Page, send: Send, raw: bytes) -> None:
    address = visits.get_address(page)
    send(address, raw)
    page.locator(".row .subject a").click()
    expect(page.locator("article")).to_be_visible()


def test_a_code_and_a_confirmation_link_are_on_top_and_tell_nothing(
    open_context: Callable[..., BrowserContext], send: Send
) -> None:
    page = open_context("phone-light").new_page()
    page.context.route(
        "https://acme.example/**",
        lambda route: route.fulfill(body="<p>confirmed</p>", content_type="text/html"),
    )
    open_mail(page, send, CONFIRM)
    visits.assert_fits(page)
    page.get_by_role("button", name="Copy the code 482913").click()
    assert page.evaluate("navigator.clipboard.readText()") == "482913"
    page.get_by_role("button", name="Copy the link to acme.example").click()
    link = "https://acme.example/verify?token=0123456789abcdef"
    assert page.evaluate("navigator.clipboard.readText()") == link
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Open the link to acme.example").click()
    expect(opened.value.get_by_text("confirmed")).to_be_visible()
    assert opened.value.url == link
    assert opened.value.evaluate("[document.referrer, window.opener]") == ["", None]


def test_a_link_that_claims_another_host_says_where_it_goes(desktop: Page, send: Send) -> None:
    open_mail(desktop, send, CONFIRM)
    frame = desktop.frame_locator("iframe")
    expect(frame.get_by_text("(goes to evil.example)")).to_be_visible()
    expect(frame.get_by_title("https://evil.example/login")).to_be_visible()
    desktop.get_by_role("link", name="Text", exact=True).click()
    expect(desktop.get_by_role("link", name="https://evil.example/login")).to_be_visible()


def test_pictures_and_texts_are_previewed_and_run_nothing(desktop: Page, send: Send) -> None:
    open_mail(desktop, send, FILES)
    expect(desktop.get_by_text("This file may hold scripts")).to_be_visible()
    expect(desktop.get_by_role("link", name="Preview drawing.svg")).to_have_count(0)
    for name in ("a.png", "notes.txt"):
        with desktop.context.expect_page() as opened:
            desktop.get_by_role("link", name=f"Preview {name}").click()
        opened.value.wait_for_load_state()
        assert opened.value.title() != "ran"
    expect(opened.value.get_by_text("<script>")).to_be_visible()
    with desktop.expect_download() as download:
        desktop.get_by_role("link", name="Download drawing.svg").click()
    assert download.value.suggested_filename == "drawing.svg"


def test_keys_lead_from_message_to_message(desktop: Page, send: Send) -> None:
    address = visits.get_address(desktop)
    send(address, visits.CODE)
    expect(desktop.locator(".row")).to_have_count(1)
    send(address, FILES)
    expect(desktop.locator(".row")).to_have_count(2)
    desktop.locator(".row .subject a").first.click()
    heading = desktop.get_by_role("heading", level=1)
    expect(heading).to_have_text("Files")
    for key, title in (("j", "Your sign-in code"), ("k", "Files")):
        desktop.keyboard.press(key)
        expect(heading).to_have_text(title)
    desktop.keyboard.press("2")
    expect(desktop.locator(".headers").first).to_be_visible()
    desktop.keyboard.press("u")
    expect(desktop.locator("#address")).to_be_visible()


def test_only_mail_without_colours_turns_dark(
    open_context: Callable[..., BrowserContext], send: Send
) -> None:
    page = open_context("phone-dark").new_page()
    open_mail(page, send, CONFIRM)
    expect(page.frame_locator("iframe").locator("html")).to_have_css(
        "background-color", "rgb(22, 29, 26)"
    )
    styled = b"<style>@media (prefers-color-scheme:dark){p{color:#fff}}</style><p style='margin:0;color:#111'>"
    open_mail(page, send, b"Subject: Styled\nContent-Type: text/html\n\n" + styled + b"Text")
    html = page.frame_locator("iframe").locator("html")
    expect(html).to_have_css("background-color", "rgb(255, 255, 255)")
    expect(page.frame_locator("iframe").get_by_text("Text")).to_have_css("color", "rgb(17, 17, 17)")


def test_only_the_message_is_printed(desktop: Page, send: Send) -> None:
    open_mail(desktop, send, visits.CODE)
    desktop.emulate_media(media="print")
    expect(desktop.get_by_role("heading", level=1)).to_be_visible()
    expect(desktop.locator(".text")).to_be_visible()
    for gone in (".top", ".bottom", ".message-nav", ".message-actions", ".tabs"):
        expect(desktop.locator(gone)).to_be_hidden()
