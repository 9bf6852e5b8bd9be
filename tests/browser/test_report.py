"""Reporting abuse as somebody does it: through the form and its CAPTCHA to a receipt, and back with the reference."""

from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.visits import assert_fits


def file_report(page: Page) -> str:
    """Report something; return the reference on the receipt."""
    page.goto("/")
    page.get_by_role("link", name="Report abuse").click()
    page.get_by_label("What is it about?").select_option(label="Fraud or phishing")
    page.get_by_label("Which address or message").fill("never-given@tempmail.test")
    page.get_by_label("What happened?").fill("They sent me a bill.")
    page.get_by_role("button", name="Send the report").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you. Your report is here.")
    return page.locator(".receipt").inner_text()


def test_a_report_gets_a_receipt_that_can_be_copied_and_asked_with(page: Page) -> None:
    reference = file_report(page)
    assert_fits(page)
    assert page.url.endswith("/report/received")
    page.get_by_role("button", name="Copy the reference").click()
    expect(page.locator("#announcer")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == reference
    page.get_by_role("link", name="State of a report").click()
    page.get_by_label("Reference").fill(reference)
    page.get_by_role("button", name="Ask").click()
    expect(page.get_by_role("status").first).to_contain_text("has not decided yet")
    assert_fits(page)


def test_the_receipt_can_be_loaded_again_without_a_second_report(desktop: Page) -> None:
    reference = file_report(desktop)
    desktop.reload()
    assert desktop.locator(".receipt").inner_text() == reference


def test_what_is_missing_is_said_at_its_field(desktop: Page) -> None:
    desktop.goto("/report")
    desktop.get_by_role("button", name="Send the report").click()
    expect(desktop.get_by_role("alert")).to_contain_text("Please look at what is marked below")
    described = desktop.get_by_label("What happened?").get_attribute("aria-describedby") or ""
    assert desktop.locator(f"#{described.split()[-1]}").inner_text() == "This field is required."


def test_without_javascript_the_form_asks_a_question(open_context) -> None:  # type: ignore[no-untyped-def]
    context: BrowserContext = open_context(java_script_enabled=False)
    page = context.new_page()
    page.goto("/report")
    expect(page.get_by_label("What happened?")).to_be_visible()
    expect(page.locator('[name="captcha_answer"]')).to_be_visible()
    expect(page.get_by_role("button", name="Copy the reference")).to_have_count(0)
