"""What visitors do again and again."""

from playwright.sync_api import Page, expect

from tests import captcha

CODE = b"""From: Alice Example <alice@example.org>
To: you@example.org
Subject: Your sign-in code

Hello, your code is 482913. See https://example.org/why for more.
"""

HTML = b"""From: Shop <shop@example.org>
To: you@example.org
Subject: An offer with pictures
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/html; charset=utf-8

<h1>Offer</h1><p><a href="https://example.org/offer">Look</a></p>
<script>document.title = "stolen"; top.location = "https://example.org/"</script>
<img src="https://tracker.example/pixel.gif" onerror="alert(1)"><form action="https://example.org/"><input></form>
--b
Content-Type: text/html; name="page.html"
Content-Disposition: attachment; filename="page.html"

<script>alert(1)</script>
--b--
"""


def get_address(page: Page) -> str:
    """Get an address as a visitor does; return it, with the page open and following."""
    page.goto("/")
    page.get_by_role("button", name="Get an address").click()
    expect(page.locator("#address")).to_be_visible()
    return page.locator("#address").inner_text().strip()


def answer_the_question(page: Page) -> None:
    """Answer the question of the form as somebody who reads it; the field is found by its label."""
    label = page.locator("label[for=captcha_answer]").inner_text()
    page.get_by_label(label).fill(captcha.answer(label))


def await_stream(page: Page) -> None:
    """Wait until the page follows its stream."""
    expect(page.locator("[data-state]")).to_have_attribute("data-now", "live")


def assert_fits(page: Page) -> None:
    """Nothing makes the page scroll sideways."""
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
