"""Takes the screenshots of README and docs/, of an instance of its own: `.venv/bin/python -m docs.images.screenshots`.

Root, as `make run`. The results are committed; run it again after a change of the looks.
"""

import smtplib
import tempfile
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from deploy.local import ports
from deploy.local.stack import Stack
from docs.images import letters

HERE = Path(__file__).resolve().parent
SIZES = {"phone": (390, 844), "desktop": (1280, 800)}
DEADLINE = 30_000  # milliseconds


def main() -> None:
    """Take all of them."""
    with (
        tempfile.TemporaryDirectory(prefix="tempmail-images-") as scratch,
        Stack(Path(scratch) / "data", ports.free(), ports.free()) as stack,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox"]
        )
        for size, scheme in (("desktop", "light"), ("phone", "light"), ("phone", "dark")):
            for name, page in states(browser, stack, size, scheme):
                page.screenshot(path=HERE / f"{name}-{size}-{scheme}.png")
        browser.close()


def states(browser: Browser, stack: Stack, size: str, scheme: str) -> Iterator[tuple[str, Page]]:
    """Go through the site as a visitor does; yield each state worth a picture."""
    width, height = SIZES[size]
    page = browser.new_page(
        base_url=stack.url,
        viewport={"width": width, "height": height},
        color_scheme="dark" if scheme == "dark" else "light",
    )
    page.set_default_timeout(DEADLINE)
    page.goto("/")
    yield "home", page
    page.get_by_role("button", name="Get an address").click()
    address = page.locator("#address").inner_text().strip()
    yield "empty", page
    for count, letter in enumerate(letters.IN_ORDER):
        _send(stack, address, letter)
        page.locator(".row").nth(count).wait_for()  # deliveries may overtake each other
    page.wait_for_timeout(1000)  # what arrives moves
    yield "inbox", page
    page.locator(".row .subject a").first.click()
    page.locator("iframe").wait_for()
    yield "message", page
    page.close()


def _send(stack: Stack, address: str, letter: str) -> None:
    raw = f"To: {address}\n{letter}".replace("\n", "\r\n").encode()
    with smtplib.SMTP(ports.LOOPBACK, stack.smtp_port, timeout=30) as client:
        client.sendmail("sender@example.org", [address], raw)


if __name__ == "__main__":
    main()
