"""The address on its page: seen large, scanned, copied by key, changed from; another one in one click; alerts."""

from collections.abc import Callable

from playwright.sync_api import BrowserContext, Page, expect

from tests.browser import visits
from tests.browser.conftest import Send


def test_another_address_comes_by_one_click_and_both_can_be_changed_between(page: Page) -> None:
    first = visits.get_address(page)
    visits.assert_fits(page)
    page.get_by_role("button", name="New address").click()
    expect(page.locator("#address")).not_to_have_text(first)
    visits.assert_fits(page)
    page.get_by_role("navigation", name="My addresses").get_by_text(first.split("@")[0]).click()
    expect(page.locator("#address")).to_have_text(first)
    page.get_by_text("QR code").click()
    image = page.get_by_role("img", name="QR code of this address")
    expect(image).to_be_visible()
    page.wait_for_function("image => image.naturalWidth > 0", arg=image.element_handle())
    visits.assert_fits(page)


def test_the_switcher_learns_of_mail_to_another_address(
    open_context: Callable[..., BrowserContext], send: Send
) -> None:
    page = open_context().new_page()
    page.clock.install()
    first = visits.get_address(page)
    page.get_by_role("button", name="New address").click()
    expect(page.locator("#address")).not_to_have_text(first)
    send(first, visits.CODE)
    count = page.get_by_role("navigation", name="My addresses").get_by_text("1 unread")
    for _minute in range(20):
        with page.expect_response(lambda response: response.url.endswith("/list")):
            page.clock.fast_forward(60_000)
        if count.is_visible():
            return
        page.wait_for_timeout(250)
    raise AssertionError("it was never told")


def test_one_click_selects_all_of_the_address(desktop: Page) -> None:
    address = visits.get_address(desktop)
    desktop.locator("#address").click()
    assert desktop.evaluate("getSelection().toString()").replace("\n", "") == address


def test_the_address_is_copied_by_its_key(desktop: Page) -> None:
    address = visits.get_address(desktop)
    desktop.keyboard.press("c")
    expect(desktop.locator("#announcer")).to_have_text("Copied")
    assert desktop.evaluate("navigator.clipboard.readText()") == address


def test_the_countdown_is_no_live_region(desktop: Page) -> None:
    visits.get_address(desktop)
    assert not desktop.evaluate(
        "Boolean(document.querySelector('[data-ends]').closest('[aria-live], [role=status], [role=alert]'))"
    )


def test_a_notification_says_no_more_than_that_there_is_mail(desktop: Page, send: Send) -> None:
    desktop.context.grant_permissions(["notifications"])
    address = visits.get_address(desktop)
    visits.await_stream(desktop)
    desktop.get_by_role("button", name="Alerts and keys").click()
    desktop.get_by_label("Notify me while this page is in the background").check()
    desktop.keyboard.press("Escape")
    desktop.evaluate("navigator.serviceWorker.ready.then(() => true)")
    desktop.evaluate("Object.defineProperty(document, 'hidden', { value: true })")
    send(address, visits.CODE)
    told = desktop.evaluate(
        """async () => {
          const worker = await navigator.serviceWorker.ready;
          for (let tries = 0; tries < 300; tries += 1) {
            const [told] = await worker.getNotifications();
            if (told) return [told.title, told.body, told.data.page];
            await new Promise((later) => setTimeout(later, 100));
          }
        }"""
    )
    path = desktop.evaluate("location.pathname")
    assert told == ["New mail", "", path]


def test_a_refused_notification_is_said_and_the_switch_goes_back(desktop: Page) -> None:
    desktop.add_init_script("Notification.requestPermission = async () => 'denied'")
    visits.get_address(desktop)
    desktop.get_by_role("button", name="Alerts and keys").click()
    switch = desktop.get_by_label("Notify me while this page is in the background")
    switch.click()
    expect(desktop.get_by_text("This browser does not let us notify you")).to_be_visible()
    expect(switch).not_to_be_checked()


def test_the_sound_is_off_until_it_is_wanted_and_then_remembered(desktop: Page, send: Send) -> None:
    desktop.add_init_script(
        """window.tones = 0;
        const start = OscillatorNode.prototype.start;
        OscillatorNode.prototype.start = function (at) { window.tones += 1; start.call(this, at); };"""
    )
    address = visits.get_address(desktop)
    desktop.get_by_role("button", name="Alerts and keys").click()
    switch = desktop.get_by_label("Play a sound")
    expect(switch).not_to_be_checked()
    desktop.keyboard.press("Escape")
    send(address, visits.CODE)
    expect(desktop.locator(".row")).to_have_count(1)
    assert desktop.evaluate("tones") == 0
    desktop.get_by_role("button", name="Alerts and keys").click()
    switch.check()
    desktop.reload()
    desktop.get_by_role("button", name="Alerts and keys").click()
    expect(switch).to_be_checked()
    desktop.keyboard.press("Escape")
    send(address, visits.HTML)
    expect(desktop.locator(".row")).to_have_count(2)
    desktop.wait_for_function("tones === 2")


def test_the_recovery_page_shows_its_link_as_a_qr_code(desktop: Page) -> None:
    visits.get_address(desktop)
    desktop.get_by_role("button", name="Open on another device").click()
    expect(desktop.get_by_role("img", name="QR code of this link")).to_be_visible()
