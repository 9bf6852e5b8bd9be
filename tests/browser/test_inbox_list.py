"""Selecting, deleting and searching in the list, with a mouse, with keys, and without JavaScript."""

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser import visits
from tests.browser.conftest import Send

OTHER = b"From: Bob <bob@example.org>\nTo: you@example.org\nSubject: Dinner\n\nAt eight?\n"


@pytest.fixture
def filled(desktop: Page, send: Send) -> Page:
    """An open inbox with three messages: Dinner, An offer with pictures, Your sign-in code."""
    address = visits.get_address(desktop)
    for raw in (visits.CODE, visits.HTML, OTHER):
        send(address, raw)
        expect(desktop.locator(".row").first).to_contain_text(raw.split(b"\n")[2][9:].decode())
    return desktop


def subjects(page: Page) -> list[str]:
    return page.locator(".row .subject").all_inner_texts()


def test_several_are_selected_and_deleted_without_leaving_the_page(filled: Page) -> None:
    filled.evaluate("window.sameDocument = true")
    bar = filled.locator(".bulk")
    expect(bar).to_be_hidden()
    for subject in ("Dinner", "Your sign-in code"):
        filled.get_by_label(f"Select: {subject}").check()
    expect(bar).to_contain_text("2 selected")
    filled.get_by_role("button", name="Delete selected").click()
    expect(filled.locator(".row")).to_have_count(1)
    expect(filled.locator("#announcer")).to_have_text("Deleted")
    expect(filled.get_by_role("link", name="An offer with pictures")).to_be_focused()
    assert filled.evaluate("window.sameDocument")
    expect(bar).to_be_hidden()


def test_one_is_deleted_by_its_own_button_and_older_mail_is_not_taken_for_news(
    filled: Page,
) -> None:
    filled.get_by_role("button", name="Delete: An offer with pictures").click()
    expect(filled.locator(".row")).to_have_count(2)
    expect(filled.get_by_role("link", name="Your sign-in code")).to_be_focused()
    expect(filled.locator("#announcer")).to_have_text("Deleted")


def test_searching_shows_what_fits_as_it_is_typed(filled: Page) -> None:
    field = filled.get_by_label("Search sender and subject")
    field.fill("ALICE")
    expect(filled.locator(".row")).to_have_count(1)
    assert subjects(filled) == ["Your sign-in code"]
    expect(filled.locator("#announcer")).to_have_text("Messages found: 1")
    filled.reload()
    expect(field).to_have_value("ALICE")
    assert subjects(filled) == ["Your sign-in code"]
    field.fill("nobody")
    expect(filled.get_by_text("Nothing like that here")).to_be_visible()
    filled.get_by_role("link", name="Clear the search").last.click()
    expect(filled.locator(".row")).to_have_count(3)
    filled.get_by_label("With attachment").check()
    expect(filled.locator(".row")).to_have_count(1)
    assert subjects(filled) == ["An offer with pictures"]


def test_live_mail_keeps_to_the_search(filled: Page, send: Send) -> None:
    address = filled.locator("#address").inner_text().strip()
    filled.get_by_label("With a code").check()
    expect(filled.locator(".row")).to_have_count(1)
    visits.await_stream(filled)
    send(address, OTHER)
    send(address, visits.CODE)
    expect(filled.locator(".row")).to_have_count(2)
    assert subjects(filled) == ["Your sign-in code"] * 2


def test_keys_move_select_open_search_and_delete(filled: Page) -> None:
    press = filled.keyboard.press
    press("j")
    expect(filled.get_by_role("link", name="Dinner")).to_be_focused()
    press("j")
    press("k")
    press("x")
    expect(filled.get_by_label("Select: Dinner")).to_be_checked()
    press("#")
    expect(filled.locator(".row")).to_have_count(2)
    expect(filled.get_by_role("link", name="An offer with pictures")).to_be_focused()
    press("Delete")
    expect(filled.locator(".row")).to_have_count(1)
    press("/")
    expect(filled.get_by_label("Search sender and subject")).to_be_focused()
    filled.keyboard.type("jk#")
    expect(filled.get_by_label("Search sender and subject")).to_have_value("jk#")
    filled.get_by_label("Search sender and subject").fill("")
    expect(filled.locator(".row")).to_have_count(1)
    filled.locator("#inbox-title").focus()
    press("j")
    press("Enter")
    expect(filled.get_by_role("heading", level=1)).to_have_text("Your sign-in code")


def test_the_sheet_tells_the_keys_and_turns_them_off_for_good(filled: Page) -> None:
    filled.keyboard.press("?")
    sheet = filled.get_by_role("dialog", name="Alerts and keys")
    expect(sheet).to_be_visible()
    expect(sheet).to_contain_text("Copy address")
    sheet.get_by_label("Use single-key shortcuts").uncheck()
    filled.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
    filled.reload()
    for key in ("?", "j", "n"):
        filled.keyboard.press(key)
    expect(sheet).to_be_hidden()
    assert not filled.evaluate("Boolean(document.activeElement.closest('.row'))")
    filled.get_by_role("button", name="Alerts and keys").click()
    expect(sheet.get_by_label("Use single-key shortcuts")).not_to_be_checked()


def test_without_javascript_all_of_it_works(
    filled: Page, open_context: Callable[..., BrowserContext]
) -> None:
    context = open_context(java_script_enabled=False)
    context.add_cookies(filled.context.cookies())  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(filled.url)
    page.get_by_label("Search sender and subject").fill("bob")
    page.get_by_role("button", name="Search").click()
    assert subjects(page) == ["Dinner"]
    page.get_by_role("link", name="Clear the search").click()
    page.get_by_label("Select: Dinner").check()
    page.get_by_label("Select: Your sign-in code").check()
    page.get_by_role("button", name="Delete selected").click()
    expect(page.get_by_text("The messages are deleted.")).to_be_visible()
    assert subjects(page) == ["An offer with pictures"]
    page.get_by_role("button", name="Delete: An offer with pictures").click()
    expect(page.get_by_text("No mail yet")).to_be_visible()
