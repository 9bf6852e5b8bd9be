"""Mail appears in the open page by itself, and nothing that is being read moves."""

from collections.abc import Callable

from playwright.sync_api import BrowserContext, Page, expect

from deploy.local.stack import Stack
from tests.browser import visits
from tests.browser.conftest import Send
from tests.journey import probe

ENDS_SOON = """
from datetime import timedelta
from django.db.models.functions import Now
from mailboxes.models.mailboxes import Mailbox
Mailbox.objects.filter(public_id="{public_id}").update(ends_at=Now() + timedelta(seconds=6))
print("null")
"""


def test_a_visitor_gets_an_address_and_mail_appears_is_read_and_deleted(
    page: Page, send: Send
) -> None:
    address = visits.get_address(page)
    expect(page.get_by_text("No mail yet")).to_be_visible()
    visits.assert_fits(page)
    page.evaluate("window.sameDocument = true")
    send(address, visits.CODE)
    row = page.locator(".row")
    expect(row).to_contain_text("Your sign-in code")
    assert page.evaluate("window.sameDocument"), "it came without a reload"
    expect(page).to_have_title("(1) Inbox · Tempmail")
    expect(page.locator("#announcer")).to_contain_text("New mail from Alice Example")
    visits.assert_fits(page)
    page.get_by_role("link", name="Your sign-in code").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your sign-in code")
    expect(page.locator(".text")).to_contain_text("your code is 482913")
    visits.assert_fits(page)
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("The message is deleted.")).to_be_visible()
    expect(page.get_by_text("No mail yet")).to_be_visible()


def test_a_code_and_the_address_are_copied_with_one_click(desktop: Page, send: Send) -> None:
    address = visits.get_address(desktop)
    button = desktop.get_by_role("button", name="Copy address")
    button.click()
    expect(desktop.locator("#announcer")).to_have_text("Copied")
    assert desktop.evaluate("navigator.clipboard.readText()") == address
    send(address, visits.CODE)
    desktop.get_by_role("button", name="Copy the code 482913").click()
    expect(desktop.get_by_role("button", name="Copy the code 482913")).to_have_text("Copied")
    assert desktop.evaluate("navigator.clipboard.readText()") == "482913"


def test_new_mail_does_not_take_the_focus_away(desktop: Page, send: Send) -> None:
    address = visits.get_address(desktop)
    send(address, visits.CODE)
    first = desktop.get_by_role("link", name="Your sign-in code")
    first.focus()
    send(address, visits.HTML)
    expect(desktop.locator(".row")).to_have_count(2)
    expect(first).to_be_focused()
    expect(desktop.locator(".row").first).to_contain_text("An offer with pictures")


def test_mail_that_came_while_the_browser_was_offline_is_caught_up_with(
    desktop: Page, send: Send
) -> None:
    address = visits.get_address(desktop)
    visits.await_stream(desktop)
    desktop.context.set_offline(True)
    send(address, visits.CODE)
    desktop.context.set_offline(False)
    expect(desktop.locator(".row")).to_contain_text("Your sign-in code")


def test_an_address_that_ends_elsewhere_ends_in_the_open_page(
    desktop: Page, open_context: Callable[..., BrowserContext]
) -> None:
    visits.get_address(desktop)
    desktop.get_by_role("button", name="Open on another device").click()
    link = desktop.get_by_label("Recovery link").input_value()
    other = open_context().new_page()
    other.goto(link)
    expect(other.locator("#address")).to_be_visible()
    assert "tmt_" not in other.evaluate("location.href + document.referrer")
    visits.await_stream(other)
    desktop.get_by_role("link", name="Back to the inbox").click()
    desktop.get_by_role("button", name="End this address").click()
    desktop.get_by_role("button", name="End it now").click()
    expect(desktop.get_by_role("link", name="Get another address")).to_be_visible()
    expect(other.get_by_role("heading", name="This address has ended")).to_be_visible()


def test_an_open_page_says_so_when_its_address_ends_unused_and_offers_another(
    desktop: Page, stack: Stack
) -> None:
    visits.get_address(desktop)
    public_id = desktop.url.split("/m/")[1].split("/")[0]
    probe.shell(stack, ENDS_SOON.format(public_id=public_id))
    desktop.reload()
    expect(desktop.get_by_text("Unused, it ends then.")).to_be_visible()
    visits.assert_fits(desktop)
    expect(desktop.get_by_role("heading", name="This address has ended")).to_be_visible(
        timeout=30_000
    )
    expect(desktop.get_by_role("link", name="Get another address")).to_be_visible()
    expect(desktop.locator(".time-value")).to_have_text("none")
    desktop.reload()
    expect(desktop.get_by_role("heading", name="There is nothing here")).to_be_visible()


def test_an_open_page_says_so_when_the_operator_freezes_its_address(
    desktop: Page, stack: Stack
) -> None:
    address = visits.get_address(desktop)
    expect(desktop.locator("[data-state][data-now=live]")).to_be_visible()
    stack.manage("moderate", "freeze", address, "--reason", "test")
    expect(desktop.get_by_role("heading", name="This address is frozen")).to_be_visible(
        timeout=30_000
    )
    desktop.get_by_role("link", name="To the start page").click()
    expect(desktop.get_by_text("frozen by the operator")).to_be_visible()


def test_several_addresses_stand_side_by_side(desktop: Page) -> None:
    first, second = visits.get_address(desktop), visits.get_address(desktop)
    desktop.get_by_role("link", name="My addresses").click()
    expect(desktop.get_by_role("link", name=second)).to_be_visible()
    desktop.get_by_role("link", name=first).click()
    expect(desktop.locator("#address")).to_have_text(first)
